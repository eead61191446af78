/// Where and how a host is reached over SSH.
public struct HostEndpoint: Hashable, Sendable, Codable {
    /// How root is reached once logged in.
    public enum Become: Hashable, Sendable, Codable {
        /// The login user is root already, or the command needs no root.
        case none
        /// `sudo`, with a password where one is given.
        case sudo
        /// `doas -n`.
        case doas
        /// `su`, which always asks for root's password.
        case su
    }

    /// The inventory name, for messages.
    public var name: String
    /// The address or DNS name dialled.
    public var address: String
    /// 1–65535.
    public var port: Int
    /// The login user.
    public var user: String
    /// Private key files, tried in order.
    public var identityFiles: [String]
    /// Certificates of such keys, or of the agent's, beside those that lie next to a key as `….-cert.pub`.
    public var certificateFiles: [String] = []
    /// The ssh-agent's socket; nil asks none.
    public var agentSocket: String?
    /// `IdentitiesOnly`: of the agent's keys only those that a file of `identityFiles` names.
    public var usesOnlyIdentityFiles: Bool
    /// known_hosts files, read in order; appended to never, unless `acceptsNewKeys`.
    public var knownHostsFiles: [String]
    /// `accept-new`: an unknown key is appended and trusted; a changed one is still refused.
    public var acceptsNewKeys: Bool
    /// How root is reached.
    public var become: Become
    /// Hosts to go through, nearest first.
    public var jumps: [HostEndpoint]
    /// A shell command that carries the connection on its standard streams, tokens worked out; nil dials by TCP.
    public var proxyCommand: String?

    /// An endpoint; port 22, strict host keys, no jump.
    public init(
        name: String, address: String, port: Int = 22, user: String, identityFiles: [String] = [],
        agentSocket: String? = nil, usesOnlyIdentityFiles: Bool = false, knownHostsFiles: [String] = [],
        acceptsNewKeys: Bool = false, become: Become = .none, jumps: [HostEndpoint] = [],
        proxyCommand: String? = nil
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.user = user
        self.identityFiles = identityFiles
        self.agentSocket = agentSocket
        self.usesOnlyIdentityFiles = usesOnlyIdentityFiles
        self.knownHostsFiles = knownHostsFiles
        self.acceptsNewKeys = acceptsNewKeys
        self.become = become
        self.jumps = jumps
        self.proxyCommand = proxyCommand
    }

    /// By what tells endpoints apart; all of it takes part in equality.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(address)
        hasher.combine(port)
        hasher.combine(user)
    }
}
