public import FleetModel
public import FleetPorts
import FleetWire
import Foundation
public import Logging

/// The API of one cluster, spoken over HTTP.
///
/// It must be shut down when it is no longer needed; `withClient` does so by itself.
public struct KubernetesClient: ClusterPort {
    /// Where it is connected, and as whom.
    public var connection: ClusterConnection { transport.connection }

    let transport: APITransport
    /// What was read before; watches go on from it while it is fresh.
    private(set) var reading: ClusterReading?
    let options: ClientOptions
    let logger: Logger

    /// Prepares a client; nothing is sent yet.
    public init(
        connection: ClusterConnection, options: ClientOptions = ClientOptions(),
        logger: Logger = Logger(label: "fleet.kubernetes")
    ) {
        self.options = options
        self.logger = logger
        transport = APITransport(
            connection: connection, options: options,
            runner: ExecRunner(isInteractive: options.isInteractive, timeout: options.pluginTimeout),
            logger: logger)
    }

    /// Runs a body with a client, and shuts it down afterwards.
    public static func withClient<Result: Sendable>(
        connection: ClusterConnection, options: ClientOptions = ClientOptions(),
        logger: Logger = Logger(label: "fleet.kubernetes"), _ body: (KubernetesClient) async throws -> Result
    ) async throws -> Result {
        let client = KubernetesClient(connection: connection, options: options, logger: logger)
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// Closes all connections; requests under way fail.
    public func shutdown() async { await transport.shutdown() }

    /// Reads the cluster's whole state with consistent lists, and the server's version.
    public func snapshot() async throws(ClusterFailure) -> ClusterSnapshot {
        var snapshot = try await read().snapshot
        snapshot.serverVersion = try await serverVersion()
        return snapshot
    }

    /// The same without the server's version, together with the places where watches go on from.
    public func read() async throws(ClusterFailure) -> ClusterReading { try await Lister(client: self).read() }

    /// A client over the same connections whose watches go on from a reading while it is fresh, without listing anew.
    public func following(_ reading: ClusterReading) -> KubernetesClient {
        var client = self
        client.reading = reading
        return client
    }

    /// Follows the cluster.
    public func watch() -> AsyncStream<ClusterObservation> {
        AsyncStream { continuation in
            let mirror = ClusterMirror { continuation.yield($0) }
            let follower = ClusterFollower(client: self, mirror: mirror)
            // The stream owns the task: it ends with its consumer.
            let task = Task {
                if let failure = await follower.follow() { continuation.yield(.failed(failure)) }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Carries out one request.
    public func perform(_ request: ClusterRequest) async -> ClusterOutcome {
        do throws(ClusterFailure) {
            try await Performer(client: self).perform(request)
            return .succeeded
        } catch {
            return .failed(error)
        }
    }

    /// The API server's `gitVersion`, such as `v1.36.0`.
    public func serverVersion() async throws(ClusterFailure) -> String {
        try await read(APIRequest(.get, "/version"), subject: "read the server's version")["gitVersion"].string ?? ""
    }

    /// The UID of namespace `kube-system`, which stands for the cluster; empty when it does not exist.
    public func clusterUID() async throws(ClusterFailure) -> ObjectUID {
        let json = try await object(.namespaces, ObjectKey("", "kube-system"), subject: "get namespace kube-system")
        return ObjectUID(json?["metadata"]["uid"].string ?? "")
    }
}

extension KubernetesClient {
    /// One object as it stands; nil where there is none.
    func object(
        _ resource: APIResource, _ key: ObjectKey, subject: String
    ) async throws(ClusterFailure) -> JSONValue? {
        let list = StreamingList(transport: transport, resource: resource, only: key)
        if let state = await list.read({ $0 }) { return state.values.first }
        do throws(ClusterFailure) {
            return try await read(
                APIRequest(.get, resource.path(namespace: key.namespace, name: key.name)), subject: subject)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// A read, repeated while the failure may pass.
    func read(_ request: APIRequest, subject: String) async throws(ClusterFailure) -> JSONValue {
        let bytes = try await transport.repeating(subject: subject, while: \.mayPass, request)
        return try decode(bytes, subject: subject)
    }

    /// A write, repeated only while it surely did not land.
    @discardableResult
    func write(_ request: APIRequest, subject: String) async throws(ClusterFailure) -> JSONValue {
        let bytes = try await transport.repeating(subject: subject, while: \.surelyDidNotLand, request)
        return try decode(bytes, subject: subject)
    }

    private func decode(_ bytes: [UInt8], subject: String) throws(ClusterFailure) -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw ClusterFailure(.malformed, subject: subject, message: "the API server's answer is no JSON: \(error)")
        }
    }
}
