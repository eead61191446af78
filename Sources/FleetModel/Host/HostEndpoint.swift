/// Where and how a host is reached over SSH.
public struct HostEndpoint: Hashable, Sendable, Codable {
    /// How root is reached once logged in.
    public enum Become: Hashable, Sendable, Codable {
        /// The login user is root already, or the command needs no root.
        case none
        /// `sudo -n`.
        case sudo
        /// `doas -n`.
        case doas
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
    /// known_hosts files, read in order; appended to never, unless `acceptsNewKeys`.
    public var knownHostsFiles: [String]
    /// `accept-new`: an unknown key is appended and trusted; a changed one is still refused.
    public var acceptsNewKeys: Bool
    /// How root is reached.
    public var become: Become
    /// Hosts to go through, nearest first.
    public var jumps: [HostEndpoint]

    /// An endpoint; port 22, strict host keys, no jump.
    public init(
        name: String, address: String, port: Int = 22, user: String, identityFiles: [String] = [],
        knownHostsFiles: [String] = [], acceptsNewKeys: Bool = false, become: Become = .none,
        jumps: [HostEndpoint] = []
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.user = user
        self.identityFiles = identityFiles
        self.knownHostsFiles = knownHostsFiles
        self.acceptsNewKeys = acceptsNewKeys
        self.become = become
        self.jumps = jumps
    }
}
