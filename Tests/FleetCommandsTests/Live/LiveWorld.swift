import Foundation
import Testing

@testable import FleetCommands

/// A live cluster of twelve hollow nodes in three zones, each with a sandboxed host behind a real sshd, and the files of
/// an operator.
struct LiveWorld {
    let plane: ControlPlane
    let api: LiveAPI
    let hosts: SandboxFleet
    let playbook: String

    /// Starts everything, hands it to a body once the workloads are Ready, and ends everything.
    static func with(_ body: (LiveWorld) async throws -> Void) async throws {
        try await ControlPlane.with { plane in
            let sandboxed = (1...12).map { number in
                SandboxHost(
                    name: number < 10 ? "node-0\(number)" : "node-\(number)", internalIP: "10.0.0.\(number)",
                    clusterCertificate: plane.authority)
            }
            let hosts = try await SandboxFleet.start(hosts: sandboxed, directory: "\(plane.folder.path)/hosts")
            do {
                try await LiveAPI.with(plane) { api in try await with(plane, api, hosts, body) }
                await hosts.stop()
            } catch {
                await hosts.stop()
                throw error
            }
        }
    }

    private static func with(
        _ plane: ControlPlane, _ api: LiveAPI, _ hosts: SandboxFleet, _ body: (LiveWorld) async throws -> Void
    ) async throws {
        let zones = ["a", "b", "c"]
        let machines = hosts.hosts.enumerated().map { position, host in
            HollowKubelets.Machine(
                name: host.name, zone: zones[position % 3], machineID: host.machineID, systemUUID: host.systemUUID,
                address: host.internalIP)
        }
        let kubelets = HollowKubelets(machines, api: api)
        try await kubelets.register()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await kubelets.run() }
            group.addTask { try await link(hosts, kubelets) }
            defer { group.cancelAll() }
            try await LiveWorkloads.create(api)
            try await eventually("every pod is Ready") {
                let pods = try await api.list("/api/v1/namespaces/shop/pods", of: LivePod.self)
                return pods.count >= 44 + 12 && pods.allSatisfy(\.isReady)
            }
            let playbook = try plane.folder.write(DemoPlaybook.text, to: "decommission.yaml")
            try await body(LiveWorld(plane: plane, api: api, hosts: hosts, playbook: playbook))
        }
    }

    /// A kubelet that is stopped on its host renews its Node's lease no more.
    private static func link(_ hosts: SandboxFleet, _ kubelets: HollowKubelets) async throws {
        while !Task.isCancelled {
            for host in hosts.hosts where hosts.unit("kubelet", on: host.name) == "inactive" {
                await kubelets.stop(host.name)
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Runs fleet with the administrator's kubeconfig, or with another token.
    func fleet(_ command: String, _ arguments: [String], token: String? = nil) async throws -> FleetBinary.Result {
        let kubeconfig = try token.map { try plane.folder.write(plane.kubeconfig(token: $0), to: "other-kubeconfig") }
        let inventory = try plane.folder.write(hosts.inventory(), to: "inventory.yaml")
        return try await FleetBinary(directory: plane.folder.path).run(
            list: [command] + arguments + ["-i", inventory, "--kubeconfig", kubeconfig ?? plane.kubeconfig])
    }

    // MARK: - What is there

    /// Four nodes over all zones: those of the single replica and of the StatefulSet's first member among them.
    func targets() async throws -> [String] {
        let pods = try await api.list("/api/v1/namespaces/shop/pods", of: LivePod.self)
        let homes = ["coupons-", "ledger-0"].compactMap { prefix in
            pods.first { $0.metadata.name.hasPrefix(prefix) }?.spec.nodeName
        }
        let others = hosts.hosts.map(\.name).filter { !homes.contains($0) }
        return Array(Set(homes)).sorted() + others.prefix(4 - Set(homes).count)
    }

    /// The pods of some apps.
    func pods(of apps: [String]) async throws -> [LivePod] {
        let pods = try await api.list("/api/v1/namespaces/shop/pods", of: LivePod.self)
        return pods.filter { apps.contains($0.metadata.labels?["app"] ?? "") }
    }

    /// The pods that have to leave some nodes.
    func movingPods(on nodes: [String]) async throws -> [LivePod] {
        let pods = try await api.list("/api/v1/namespaces/shop/pods", of: LivePod.self)
        return pods.filter { nodes.contains($0.spec.nodeName ?? "") && $0.metadata.labels?["app"] != "agent" }
    }

    /// One request that the API server noted.
    struct Request: Decodable {
        struct Reference: Decodable {
            var resource: String?
            var subresource: String?
        }
        struct Status: Decodable { var code: Int }
        var verb: String
        var userAgent: String?
        var objectRef: Reference?
        var responseStatus: Status?

        /// Such as `create pods/eviction`.
        var title: String {
            let path = [objectRef?.resource, objectRef?.subresource].compactMap(\.self).joined(separator: "/")
            return path.isEmpty ? "\(verb) other" : "\(verb) \(path)"
        }
        var isFleets: Bool { userAgent?.hasPrefix("fleet/") ?? false }
    }

    /// The API server's audit log so far.
    func audit() throws -> [Request] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(plane.folder.path)/audit.log"))
        return try data.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Request.self, from: $0) }
    }
}
