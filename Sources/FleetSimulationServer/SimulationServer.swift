public import FleetModel
public import FleetSimulation
import Hummingbird
import Logging
import NIOCore

/// A simulated cluster that speaks Kubernetes' wire format over HTTP/1.1 on a loopback address.
///
/// Plain HTTP: kubectl and client libraries accept `http://` servers in a kubeconfig. Requests carry a bearer token.
public final class SimulationServer: Sendable {
    /// How the server behaves; what it simulates is the simulation's own matter.
    public struct Settings: Sendable {
        /// Everybody with a token; requests without one are anonymous and may only read version and health.
        public var accounts: [Account]
        /// Virtual seconds that pass in one real second; more than 0.
        public var speed: Double
        /// How many changes are remembered for watches and old list versions.
        public var changesKept: Int
        /// How long a watch lasts whose client names no time, in seconds.
        public var watchSeconds: ClosedRange<Int>
        /// How often watches that allow it get a bookmark.
        public var bookmarkInterval: Duration

        /// Settings like a real API server's.
        public init(
            accounts: [Account], speed: Double = 1, changesKept: Int = 100_000,
            watchSeconds: ClosedRange<Int> = 1800...3600, bookmarkInterval: Duration = .seconds(60)
        ) {
            self.accounts = accounts
            self.speed = speed
            self.changesKept = changesKept
            self.watchSeconds = watchSeconds
            self.bookmarkInterval = bookmarkInterval
        }
    }

    /// Where it listens, such as `127.0.0.1`.
    public let host: String
    /// The port that it got.
    public let port: Int
    private let api: SimulatedAPI
    private let accounts: [Account]
    private let serving: Task<Void, any Error>

    private init(host: String, port: Int, api: SimulatedAPI, accounts: [Account], serving: Task<Void, any Error>) {
        self.host = host
        self.port = port
        self.api = api
        self.accounts = accounts
        self.serving = serving
    }

    /// Starts serving; returns when the port is open.
    ///
    /// Port 0 takes a free one.
    ///
    /// - Throws: the error of binding the address.
    public static func start(
        simulation: ClusterSimulation, settings: Settings, host: String = "127.0.0.1", port: Int = 0
    ) async throws -> SimulationServer {
        let clock = VirtualClock(start: simulation.now, speed: settings.speed)
        let api = SimulatedAPI(simulation, clock: clock, settings: settings)
        let (ports, opened) = AsyncThrowingStream<Int, any Error>.makeStream()
        let serving = Task {
            do {
                try await serve(api, host: host, port: port) { opened.yield($0) }
                opened.finish()
            } catch {
                opened.finish(throwing: error)
                throw error
            }
        }
        for try await port in ports {
            await api.listen(at: "\(host):\(port)")
            return SimulationServer(host: host, port: port, api: api, accounts: settings.accounts, serving: serving)
        }
        throw CancellationError()
    }

    private static func serve(
        _ api: SimulatedAPI, host: String, port: Int, onOpen: @escaping @Sendable (Int) -> Void
    ) async throws {
        var logger = Logger(label: "fleet.simulation-server")
        logger.logLevel = .critical
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                try await HTTPAdapter.respond(to: request, api)
            },
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in onOpen(channel.localAddress?.port ?? 0) },
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await api.drive() }
            group.addTask { try await application.run() }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Ends all watches and connections; returns when nothing listens any more.
    public func stop() async {
        await api.stop()
        serving.cancel()
        _ = await serving.result
    }

    /// `http://127.0.0.1:PORT`.
    public var url: String { "http://\(host):\(port)" }

    /// The URL with an account's token as its base path: clients keep that, while they send no credentials over HTTP.
    private func url(for account: Account?) -> String { account.map { "\(url)/as/\($0.token)" } ?? url }

    /// A kubeconfig with which the account (the first by default) reaches the server.
    ///
    /// A certificate authority (PEM, in base64) is only named: over plain HTTP nothing is signed.
    public func kubeconfig(for account: Account? = nil, certificateAuthorityData: String? = nil) -> String {
        let account = account ?? accounts.first
        let authority = certificateAuthorityData.map { "\n    certificate-authority-data: \($0)" } ?? ""
        return """
            apiVersion: v1
            kind: Config
            clusters:
            - name: simulation
              cluster:
                server: \(url(for: account))\(authority)
            users:
            - name: \(account?.user ?? "anonymous")
              user:
                token: "\(account?.token ?? "")"
            contexts:
            - name: simulation
              context:
                cluster: simulation
                user: \(account?.user ?? "anonymous")
            current-context: simulation

            """
    }

    // MARK: Tests and demonstrations

    /// Publishes `cluster-info` in namespace `kube-public`, as kubeadm does of a cluster that hosts may join.
    ///
    /// The certificate authority is PEM in base64; `server` is where hosts reach the API. Throws what the API refuses.
    public func publishClusterInfo(
        certificateAuthorityData: String, server: String = "https://10.0.0.1:6443"
    ) async throws {
        await api.perform(.create(.namespace(SimulatedNamespace(name: "kube-public")), isDryRun: false))
        let kubeconfig = """
            apiVersion: v1
            kind: Config
            clusters:
            - name: ""
              cluster:
                certificate-authority-data: \(certificateAuthorityData)
                server: \(server)

            """
        try await api.createConfigMap("cluster-info", in: "kube-public", data: ["kubeconfig": kubeconfig])
    }

    /// The `data` of `cluster-info` now, with the signature of every bootstrap token; empty where it was not published.
    public var clusterInfo: [String: String] { get async { await api.registry.clusterInfoData } }

    /// Makes a bootstrap token, as `kubeadm token create` does, or revokes it where there is no secret half.
    ///
    /// Throws what the API refuses.
    public func setBootstrapToken(_ id: String, secret: String?) async throws {
        try await api.setBootstrapToken(id, secret: secret)
    }

    /// What was asked of the server so far.
    public var audit: Audit { get async { await api.audit } }

    /// The simulated cluster's state now.
    public var simulation: ClusterSimulation { get async { await api.registry.simulation } }

    /// The virtual time up to which the cluster has been simulated.
    public var now: Instant { get async { await api.registry.now } }

    /// Does something to the simulated cluster or its hosts, beside the API.
    @discardableResult
    public func perform(_ command: SimulationCommand) async -> SimulationReply { await api.perform(command) }

    /// Disturbs the next requests that match.
    public func inject(_ fault: WireFault) async { await api.inject(fault) }

    /// Forgets all wire faults that are still to come.
    public func clearFaults() async { await api.clearFaults() }

    /// Forgets all past changes, so that older versions are answered 410.
    public func compact() async { await api.compact() }

    /// Ends all watches cleanly.
    public func endWatches() async { await api.endWatches() }

    /// Lets somebody else in.
    public func add(_ account: Account) async { await api.add(account) }
}
