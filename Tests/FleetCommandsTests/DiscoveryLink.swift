import FleetCommands
import FleetSimulationServer
import Foundation

/// What `kubeadm join` sees of a cluster, for sandboxed hosts, whose network has no way to its API: `cluster-info`, brought to
/// each host as the API serves it.
struct DiscoveryLink: Sendable {
    let hosts: SandboxFleet
    /// The `data` of `cluster-info`.
    let clusterInfo: @Sendable () async throws -> [String: String]

    /// Follows the API until the task is cancelled.
    func follow() async throws {
        while !Task.isCancelled {
            try await bring()
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Brings what is served now.
    func bring() async throws {
        let info = try await clusterInfo()
        for host in hosts.hosts {
            let folder = hosts.root(of: host.name) + "/var/lib/sandbox/cluster-info"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) where info[name] == nil {
                try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            }
            for (name, text) in info where FileManager.default.contents(atPath: "\(folder)/\(name)") != Data(text.utf8)
            {
                let staged = "\(hosts.root(of: host.name))/var/lib/sandbox/staged"
                try Data(text.utf8).write(to: URL(fileURLWithPath: staged))
                guard rename(staged, "\(folder)/\(name)") == 0 else { throw CocoaError(.fileWriteUnknown) }
            }
        }
    }

    /// Tokens that control-plane hosts make by kubeadm are Secrets of a simulated cluster, until they are deleted there.
    static func followTokens(of hosts: SandboxFleet, _ server: SimulationServer) async throws {
        var known: Set<String> = []
        while !Task.isCancelled {
            let lines = hosts.hosts.filter { $0.role == .controlPlane }.flatMap { host in
                let file = hosts.root(of: host.name) + "/var/lib/sandbox/tokens"
                return ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").map(
                    String.init)
            }
            let tokens = Set(lines.compactMap { $0.firstMatch(of: /^[a-z0-9]{6}\.[a-z0-9]{16}/).map { String($0.0) } })
            for token in tokens.symmetricDifference(known) {
                let secret = tokens.contains(token) ? String(token.suffix(16)) : nil
                try await server.setBootstrapToken(String(token.prefix(6)), secret: secret)
            }
            known = tokens
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
