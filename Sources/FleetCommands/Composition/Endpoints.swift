import FleetModel
import FleetSSH
import Foundation

/// How the inventory's hosts are dialled: its variables first, then the command line's defaults, then `~/.ssh/config`,
/// then OpenSSH's own defaults.
struct Endpoints {
    private let options: HostOptions
    private let environment: [String: String]
    private let config: SSHConfig
    /// Asked for once: the environment is copied each time.
    private let home = Paths.home

    /// Reads the ssh_config files; throws every line of theirs that cannot be used.
    init(_ options: HostOptions, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        self.options = options
        self.environment = environment
        let usual = ["\(Paths.home)/.ssh/config", "/etc/ssh/ssh_config"]
        let paths = options.sshConfig.map { $0 == "none" ? [] : [Paths.expanded($0)] } ?? usual
        if let path = options.sshConfig, path != "none", !FileManager.default.isReadableFile(atPath: paths[0]) {
            throw UsageError("--ssh-config \(path) cannot be read")
        }
        do { config = try SSHConfig(paths, through: .disk) } catch { throw UsageError(error.description) }
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
        if let file = connection.option("ConfigFile") {
            throw Refusal(
                "host \"\(host.name)\": -F \(file) in ansible_ssh_common_args is not read", hint: "use --ssh-config")
        }
        let said = try settings(
            connection.address, user: connection.user ?? connection.option("User") ?? options.user,
            port: connection.port ?? connection.option("Port").flatMap { Int($0) })
        let user = said.user ?? localUser
        var endpoint = HostEndpoint(
            name: host.name.rawValue, address: said.hostName, port: said.port ?? 22, user: user,
            identityFiles: identityFiles(connection, said), agentSocket: agentSocket(connection, said),
            usesOnlyIdentityFiles: connection.option("IdentitiesOnly").map(Self.isYes) ?? said.usesOnlyIdentityFiles
                ?? false,
            knownHostsFiles: knownHostsFiles(connection, said),
            acceptsNewKeys: try acceptsNewKeys(
                host.name.rawValue, connection.option("StrictHostKeyChecking") ?? said.strictHostKeyChecking),
            become: try become(host, user: user)
        )
        endpoint.certificateFiles = certificateFiles(connection, said)
        let (jump, command) =
            connection.proxyJump == nil && connection.proxyCommand == nil
            ? (said.proxyJump, said.proxyCommand) : (connection.proxyJump, connection.proxyCommand)
        endpoint.jumps = try jumps(jump, like: endpoint)
        if endpoint.jumps.isEmpty {
            endpoint.proxyCommand = try command.map {
                try ProxyCommandText(endpoint).expand($0, name: connection.address)
            }
        }
        return endpoint
    }

    // MARK: - Settings

    private var localUser: String { environment["USER"] ?? NSUserName() }

    /// What `~/.ssh/config` says, under what is known already.
    private func settings(_ name: String, user: String?, port: Int?) throws -> SSHConfig.Settings {
        let query = SSHConfig.Query(host: name, user: user, port: port, localUser: localUser, home: home)
        do {
            var said = try config.settings(query)
            said.user = user ?? said.user
            said.port = port ?? said.port
            return said
        } catch {
            throw Refusal(error.description)
        }
    }

    private func identityFiles(_ connection: ConnectionSettings?, _ said: SSHConfig.Settings) -> [String] {
        let explicit = connection?.privateKeyFile ?? connection?.option("IdentityFile") ?? options.privateKey
        let files = (explicit.map { [Paths.expanded($0)] } ?? []) + said.identityFiles
        guard files.isEmpty else { return files }
        return ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(home)/.ssh/\($0)" }
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    private func certificateFiles(_ connection: ConnectionSettings, _ said: SSHConfig.Settings) -> [String] {
        (connection.option("CertificateFile").map { [Paths.expanded($0)] } ?? []) + said.certificateFiles
    }

    private func agentSocket(_ connection: ConnectionSettings?, _ said: SSHConfig.Settings) -> String? {
        let running = environment["SSH_AUTH_SOCK"].flatMap { $0.isEmpty ? nil : $0 }
        guard let agent = connection?.option("IdentityAgent") ?? said.identityAgent else { return running }
        if agent.lowercased() == "none" { return nil }
        if agent == "SSH_AUTH_SOCK" { return running }
        return agent.hasPrefix("$") ? environment[String(agent.dropFirst())] : Paths.expanded(agent)
    }

    private func knownHostsFiles(_ connection: ConnectionSettings, _ said: SSHConfig.Settings) -> [String] {
        if let files = connection.option("UserKnownHostsFile") {
            return files.split(separator: " ").map { Paths.expanded(String($0)) }
        }
        if let file = options.knownHosts { return [Paths.expanded(file)] }
        let own = said.userKnownHostsFiles ?? ["\(home)/.ssh/known_hosts"]
        let all = said.globalKnownHostsFiles ?? ["/etc/ssh/ssh_known_hosts"]
        let files = own + all.filter { FileManager.default.fileExists(atPath: $0) }
        // accept-new writes into the first, which need not be there yet.
        return said.strictHostKeyChecking == "accept-new"
            ? files : files.filter { FileManager.default.fileExists(atPath: $0) }
    }

    private func acceptsNewKeys(_ name: String, _ text: String?) throws -> Bool {
        switch text?.lowercased() {
        case "accept-new": true
        case nil, "yes", "true", "ask": false
        case .some(let value):
            throw Refusal(
                "host \"\(name)\": StrictHostKeyChecking=\(value) would trust anybody who answers",
                hint: "use accept-new, or add the keys to known_hosts"
            )
        }
    }

    private static func isYes(_ text: String) -> Bool { ["yes", "true"].contains(text.lowercased()) }

    private func become(_ host: FleetModel.Host, user: String) throws -> HostEndpoint.Become {
        if user == "root" || host.connection.becomes == false { return .none }
        if let other = host.connection.becomeUser, other != "root" {
            throw Refusal("host \"\(host.name)\": ansible_become_user is \"\(other)\"; fleet becomes root only")
        }
        switch host.connection.becomeMethod {
        case nil, "sudo", "ansible.builtin.sudo": return .sudo
        case "su", "ansible.builtin.su": return .su
        case "doas", "community.general.doas": return .doas
        case .some(let method):
            throw Refusal(
                "host \"\(host.name)\": ansible_become_method \"\(method)\" is not supported",
                hint: "use sudo, su or doas")
        }
    }

    // MARK: - Jump hosts

    /// As deep as one jump host may need another.
    private static let deepest = 8

    private func jumps(_ text: String?, like target: HostEndpoint, depth: Int = 0) throws -> [HostEndpoint] {
        guard let text, text.lowercased() != "none" else { return [] }
        guard depth < Self.deepest else {
            throw Refusal(
                "host \"\(target.name)\": more than \(Self.deepest) jump hosts need each other: does one need itself?")
        }
        var hops: [HostEndpoint] = []
        for place in text.split(separator: ",") {
            let (hop, before) = try jump(String(place), like: target)
            // Only the first is dialled from here, so only its own jump hosts matter.
            if hops.isEmpty { hops += try jumps(before, like: target, depth: depth + 1) }
            hops.append(hop)
        }
        return hops
    }

    /// One hop of `ProxyJump`: `[user@]host[:port]`, or an `ssh://` URI; its own settings come from `~/.ssh/config`.
    private func jump(_ text: String, like target: HostEndpoint) throws -> (HostEndpoint, jump: String?) {
        guard let place = JumpPlace(text) else {
            throw Refusal("host \"\(target.name)\": ProxyJump \"\(text)\" is not [user@]host[:port]")
        }
        let said = try settings(place.host, user: place.user, port: place.port)
        if said.proxyCommand != nil {
            throw Refusal(
                "host \"\(target.name)\": the jump host \(place.host) is reached by a ProxyCommand, which is supported for targets only",
                hint: "use ProxyJump for it too")
        }
        let own = identityFiles(nil, said)
        var hop = HostEndpoint(
            name: place.host, address: said.hostName, port: said.port ?? 22, user: said.user ?? target.user,
            identityFiles: said.identityFiles.isEmpty ? target.identityFiles : own, agentSocket: target.agentSocket,
            usesOnlyIdentityFiles: said.usesOnlyIdentityFiles ?? target.usesOnlyIdentityFiles,
            knownHostsFiles: said.userKnownHostsFiles ?? target.knownHostsFiles,
            acceptsNewKeys: try said.strictHostKeyChecking.map { try acceptsNewKeys(place.host, $0) }
                ?? target.acceptsNewKeys
        )
        hop.certificateFiles = said.certificateFiles.isEmpty ? target.certificateFiles : said.certificateFiles
        return (hop, said.proxyJump)
    }
}

extension SSHConfigFiles {
    /// The files of this machine; a relative `Include` is looked for in `~/.ssh`, or beside the system's file.
    static let disk = SSHConfigFiles(
        text: { path in
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        },
        matching: { pattern, includer in
            let base = includer.hasPrefix("/etc/ssh/") ? "/etc/ssh" : "\(Paths.home)/.ssh"
            let expanded = Paths.expanded(pattern)
            return glob(expanded.hasPrefix("/") ? expanded : "\(base)/\(expanded)")
        }
    )

    private static func glob(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard Foundation.glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }
}
