import FleetCommands
import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// A simulated cluster of twelve nodes, three of which have a sandboxed host behind a real sshd.
struct WorkerHosts {
    let cluster: SimulatedWorld
    let hosts: SandboxFleet

    /// Starts both, hands them to a body, and ends everything; the hosts' kubelets trust another CA than the cluster's
    /// where that is asked for.
    static func with(ofAnotherCluster isForeign: Bool = false, _ body: (WorkerHosts) async throws -> Void) async throws {
        let own = try await authority("fleet-test-ca")
        let authority = isForeign ? try await authority("fleet-other-ca") : own
        try await SimulatedWorld.with(authority: own) { cluster in
            let wanted = ["web-02", "web-06", "web-10"]
            let nodes = await cluster.server.simulation.nodes.filter { wanted.contains($0.name.rawValue) }
            let sandboxed = nodes.map { node in
                SandboxHost(
                    name: node.name.rawValue, machineID: node.machineID, systemUUID: node.systemUUID,
                    internalIP: node.internalAddresses.first ?? "10.0.0.10", clusterCertificate: authority)
            }
            let hosts = try await SandboxFleet.start(hosts: sandboxed, directory: "\(cluster.folder.path)/hosts")
            do {
                try await body(WorkerHosts(cluster: cluster, hosts: hosts))
                await hosts.stop()
            } catch {
                await hosts.stop()
                throw error
            }
        }
    }

    /// The certificate of a new CA, PEM.
    private static func authority(_ name: String) async throws -> String {
        try await FleetBinary.tool(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            "/dev/null", "-subj", "/CN=\(name)", "-days", "30")
    }

    /// Writes an inventory of the hosts; what is given takes the place of what is right.
    func inventory(key: String? = nil, addresses: [String: String] = [:]) throws -> String {
        let rows = hosts.hosts.map { host in
            "    \(host.name): {ansible_host: \(addresses[host.name] ?? host.address ?? "")}"
        }
        return try cluster.folder.write(
            """
            kube_node:
              hosts:
            \(rows.joined(separator: "\n"))
              vars:
                ansible_port: \(hosts.port)
                ansible_user: \(hosts.user)
                ansible_become: false
                ansible_ssh_private_key_file: \(key ?? hosts.clientKey)
                ansible_ssh_common_args: -o UserKnownHostsFile=\(hosts.knownHosts)

            """, to: "inventory.yaml")
    }
}

extension Trait where Self == ConditionTrait {
    /// Sandboxed hosts can run here, or must.
    static var needsSandboxedHosts: Self {
        let tools = ["sshd", "ssh", "bwrap", "iptables", "nft", "ipset", "ip", "openssl"]
        let missing = tools.filter { !FleetBinary.isInstalled($0) }
        let isCI = ProcessInfo.processInfo.environment["CI"] != nil
        return .enabled(if: missing.isEmpty || isCI, "needs \(missing.joined(separator: ", "))")
    }
}
