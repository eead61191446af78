import FleetKubernetes
import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Subprocess
import Testing

@testable import FleetCommands

/// A simulated cluster behind its API, sandboxed hosts behind a real sshd, and the files that an operator has.
struct HostWorld {
    let folder: TemporaryFolder
    let server: SimulationServer
    let hosts: SandboxFleet
    let kubeconfig: String

    /// The CA of the cluster, PEM; its key was thrown away.
    static let certificate = DemoCertificate.pem

    /// Starts cluster and hosts, hands them to a body, and ends everything.
    static func with(
        _ hosts: [SandboxHost], snapshot: ClusterSnapshot = DemoCluster.snapshot(),
        allowed: [Account.Rule] = [Account.Rule(verbs: ["*"], resources: ["*"])], denied: [Account.Rule] = [],
        _ body: (HostWorld) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var settings = SimulationSettings()
        settings.podStart = .milliseconds(100)...(.milliseconds(300))
        settings.podReady = .milliseconds(50)...(.milliseconds(200))
        settings.podStop = .milliseconds(50)...(.milliseconds(200))
        settings.kubeletStart = .milliseconds(300)
        settings.nodeMonitorGrace = .seconds(4)
        let account = Account(
            user: "tester", groups: ["system:authenticated"], token: "secret-token-of-the-test", allowed: allowed,
            denied: denied)
        let fleet = try await SandboxFleet.start(hosts: hosts, directory: "\(folder.path)/hosts")
        do {
            let server = try await SimulationServer.start(
                simulation: ClusterSimulation(snapshot: snapshot, settings: settings),
                settings: SimulationServer.Settings(accounts: [account]))
            let authority = Data(certificate.utf8).base64EncodedString()
            try await server.publishClusterInfo(certificateAuthorityData: authority)
            let kubeconfig = try folder.write(server.kubeconfig(certificateAuthorityData: authority), to: "kubeconfig")
            let world = HostWorld(folder: folder, server: server, hosts: fleet, kubeconfig: kubeconfig)
            do {
                let discovery = DiscoveryLink(hosts: fleet) { await server.clusterInfo }
                try await discovery.bring()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try? await discovery.follow() }
                    group.addTask { try? await DiscoveryLink.followTokens(of: fleet, server) }
                    defer { group.cancelAll() }
                    try await body(world)
                }
                await server.stop()
            } catch {
                await server.stop()
                throw error
            }
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }

    /// Runs fleet against the cluster and its hosts.
    func run(_ arguments: String...) async throws -> FleetBinary.Result {
        try await FleetBinary(directory: folder.path).run(list: arguments + ["--kubeconfig", kubeconfig])
    }

    /// Runs a body while what happens to the hosts' kubelets happens to their Nodes.
    func linked<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let link = KubeletLink(hosts: hosts, server: server)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                await link.follow()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() { if let result { return result } }
            throw CancellationError()
        }
    }

    /// The cluster as its API shows it.
    func snapshot() async throws -> ClusterSnapshot {
        let connection = try Kubeconfig(explicitPath: kubeconfig).connection()
        return try await KubernetesClient.withClient(connection: connection) { try await $0.snapshot() }
    }

    /// Waits until something holds; fails after half a minute.
    func until(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// What fleet asked of the API so far that a playbook's printed roles do not permit.
    func unpermitted(by playbook: String) async throws -> [String] {
        try await PrintedRoles(of: playbook).unpermitted(in: await server.audit)
    }

    /// The HTTP status of a GET.
    func status(of path: String) async throws -> Int {
        let result = try await Subprocess.run(
            .name("curl"),
            arguments: [
                "-s", "-o", "/dev/null", "-w", "%{http_code}", server.url + "/as/secret-token-of-the-test" + path,
            ],
            output: .string(limit: 4096), error: .discarded)
        return Int(result.standardOutput) ?? 0
    }

    /// A shipped playbook that soaks and watches for seconds only.
    func quickened(_ name: String) throws -> String {
        let text = try String(contentsOfFile: Self.shipped(name), encoding: .utf8)
        return try folder.write(text.replacing(/(soak|for): \d+[ms]/) { "\($0.1): 1s" }, to: "\(name).yaml")
    }

    /// A playbook as it is shipped.
    static func shipped(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("playbooks/\(name).yaml").path
    }

    /// The hosts of nodes of a cluster, as their Nodes say they are.
    static func hosts(
        of names: [NodeName], in snapshot: ClusterSnapshot = DemoCluster.snapshot(),
        trusting authority: String = certificate
    ) -> [SandboxHost] {
        snapshot.nodes.filter { names.contains($0.name) }.map { node in
            SandboxHost(
                name: node.name.rawValue, machineID: node.machineID, systemUUID: node.systemUUID,
                internalIP: node.internalAddresses.first ?? "10.0.0.10", clusterCertificate: authority)
        }
    }

    /// Everything of a host that a step could change, for comparison.
    ///
    /// Files with their contents, rules, links, mounts, units; only the list of the stand-ins' calls is left out.
    func picture(of host: String) async throws -> String {
        let reading = try await hosts.read(
            host,
            """
            find /etc /var /run /opt /srv /root /usr/local /sys/module ! -path /var/lib/sandbox/calls ! -path /run/fleet.lock ! -type d \
                -exec ls -ln --time-style=+ {} + | sort -k 7
            find /etc /var /run /opt /srv /root /usr/local ! -path /var/lib/sandbox/calls ! -path /run/fleet.lock -type f -exec sha256sum {} + | sort -k 2
            find /etc /var /run /opt /srv /root /usr/local /sys/module -type d | sort
            { iptables-save; ip6tables-save; } | grep -v '^#' | sed 's/ \\[[0-9]*:[0-9]*]$//'; nft list tables; ipset save
            ip -br link | awk '{ print $1 }'; cut -d ' ' -f 5 /proc/self/mountinfo; cat /proc/swaps; hostname
            sysctl -n net.ipv4.ip_forward; cat /proc/sys/kernel/random/boot_id; exit 0
            """)
        try #require(reading.status == 0, "\(reading.error)")
        return reading.output
    }

    /// Writes an inventory of the hosts; the variables of each are YAML entries such as `zone: eu-1a`.
    func inventory(_ variables: [String: [String]] = [:], group: [String] = [], more: String = "") throws -> String {
        let own = hosts.hosts.map { ($0.name, ["ip: \($0.internalIP)"] + (variables[$0.name] ?? [])) }
        return try folder.write(
            hosts.inventory(Dictionary(uniqueKeysWithValues: own), group: group) + more, to: "inventory.yaml")
    }
}

extension Trait where Self == ConditionTrait {
    /// Sandboxed hosts can run here, or must: missing tools skip a suite visibly on a laptop, and fail it in CI.
    static var needsHosts: Self {
        let missing = ["sshd", "ssh", "bwrap", "iptables", "nft", "ipset", "ip", "sysctl"].filter {
            !FleetBinary.isInstalled($0)
        }
        let isCI = ProcessInfo.processInfo.environment["CI"] != nil
        return .enabled(if: missing.isEmpty || isCI, "needs \(missing.joined(separator: ", "))")
    }
}

extension FleetBinary.Result {
    /// The `step.finished` facts of a run with `--output json`: node, step, changed, detail.
    var steps: [(node: String, step: String, changed: Bool, detail: String)] {
        output.split(separator: "\n").compactMap { line in
            guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                object["kind"] as? String == "step.finished", let data = object["data"] as? [String: Any],
                let node = data["node"] as? String, let step = data["step"] as? String
            else { return nil }
            return (node, step, data["changed"] as? Bool ?? false, data["detail"] as? String ?? "")
        }
    }
}
