import FleetModel
import Foundation

/// How the inventory's hosts are dialled: its variables first, then the command line's defaults, then OpenSSH's.
struct Endpoints {
    private let options: HostOptions
    private let environment: [String: String]

    init(_ options: HostOptions, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.options = options
        self.environment = environment
    }

    /// The endpoint of a host; throws what in its settings cannot be used.
    func endpoint(of host: FleetModel.Host) throws -> HostEndpoint {
        let connection = host.connection
        if let problem = host.problems.first { throw Refusal("host \"\(host.name)\": \(problem)") }
        guard connection.transport == "ssh" else {
            throw Refusal(
                "host \"\(host.name)\": ansible_connection is \"\(connection.transport)\"; fleet reaches hosts by ssh only"
            )
        }
        if connection.proxyCommand != nil {
            throw Refusal("host \"\(host.name)\": ProxyCommand is not supported yet", hint: "use ProxyJump")
        }
        let user = connection.user ?? options.user ?? environment["USER"] ?? NSUserName()
        var endpoint = HostEndpoint(
            name: host.name.rawValue, address: connection.address, port: connection.port ?? 22, user: user,
            identityFiles: identityFiles(connection), knownHostsFiles: knownHostsFiles(connection),
            acceptsNewKeys: try acceptsNewKeys(host), become: try become(host, user: user)
        )
        endpoint.jumps = try jumps(connection.proxyJump, like: endpoint)
        return endpoint
    }

    private func identityFiles(_ connection: ConnectionSettings) -> [String] {
        if let file = connection.privateKeyFile ?? connection.option("IdentityFile") ?? options.privateKey {
            return [Paths.expanded(file)]
        }
        return ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(Paths.home)/.ssh/\($0)" }
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    private func knownHostsFiles(_ connection: ConnectionSettings) -> [String] {
        if let files = connection.option("UserKnownHostsFile") {
            return files.split(separator: " ").map { Paths.expanded(String($0)) }
        }
        if let file = options.knownHosts { return [Paths.expanded(file)] }
        return ["\(Paths.home)/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"]
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    private func acceptsNewKeys(_ host: FleetModel.Host) throws -> Bool {
        switch host.connection.option("StrictHostKeyChecking")?.lowercased() {
        case "accept-new": true
        case nil, "yes", "ask": false
        case .some(let value):
            throw Refusal(
                "host \"\(host.name)\": StrictHostKeyChecking=\(value) would trust anybody who answers",
                hint: "use accept-new, or add the keys to known_hosts"
            )
        }
    }

    private func become(_ host: FleetModel.Host, user: String) throws -> HostEndpoint.Become {
        if user == "root" || host.connection.becomes == false { return .none }
        switch host.connection.becomeMethod {
        case nil, "sudo": return .sudo
        case "doas": return .doas
        case .some(let method):
            throw Refusal(
                "host \"\(host.name)\": ansible_become_method \"\(method)\" is not supported", hint: "use sudo or doas")
        }
    }

    private func jumps(_ text: String?, like target: HostEndpoint) throws -> [HostEndpoint] {
        guard let text, text.lowercased() != "none" else { return [] }
        return try text.split(separator: ",").map { try jump(String($0), like: target) }
    }

    /// One hop of `ProxyJump`: `[user@]host[:port]`, or an `ssh://` URI.
    private func jump(_ text: String, like target: HostEndpoint) throws -> HostEndpoint {
        let bare = text.hasPrefix("ssh://") ? String(text.dropFirst(6)) : text
        let parts = bare.split(separator: "@", maxSplits: 1).map(String.init)
        let (user, place) = parts.count == 2 ? (parts[0], parts[1]) : (target.user, bare)
        let pieces = place.split(separator: ":").map(String.init)
        guard let address = pieces.first, pieces.count <= 2, let port = pieces.count == 2 ? Int(pieces[1]) : 22 else {
            throw Refusal("host \"\(target.name)\": ProxyJump \"\(text)\" is not [user@]host[:port]")
        }
        return HostEndpoint(
            name: address, address: address, port: port, user: user, identityFiles: target.identityFiles,
            knownHostsFiles: target.knownHostsFiles, acceptsNewKeys: target.acceptsNewKeys
        )
    }
}
