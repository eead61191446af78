/// What an inventory says about reaching a host; nil leaves it to `~/.ssh/config` and the defaults.
public struct ConnectionSettings: Hashable, Sendable {
    /// `ansible_host`, else the inventory name.
    public var address: String
    /// `ansible_port` (1–65535), or the port written behind the host's name.
    public var port: Int?
    /// `ansible_user`.
    public var user: String?
    /// `ansible_ssh_private_key_file`.
    public var privateKeyFile: String?
    /// Options of `ansible_ssh_common_args`, then `ansible_ssh_extra_args`, as ssh(1) reads them.
    public var options: [SSHOption]
    /// `ansible_connection`: `ssh` unless said otherwise; fleet reaches hosts by `ssh` only.
    public var transport: String
    /// `ansible_become`; nil when the inventory does not say.
    public var becomes: Bool?
    /// `ansible_become_method`, such as `sudo` or `doas`.
    public var becomeMethod: String?
    /// `ansible_become_user`.
    public var becomeUser: String?
    /// Whether a login or become password is set; fleet uses keys and `sudo -n`, and says so.
    public var hasPassword: Bool

    /// Settings; everything omitted is left to the defaults.
    public init(
        address: String, port: Int? = nil, user: String? = nil, privateKeyFile: String? = nil,
        options: [SSHOption] = [], transport: String = "ssh", becomes: Bool? = nil, becomeMethod: String? = nil,
        becomeUser: String? = nil, hasPassword: Bool = false
    ) {
        self.address = address
        self.port = port
        self.user = user
        self.privateKeyFile = privateKeyFile
        self.options = options
        self.transport = transport
        self.becomes = becomes
        self.becomeMethod = becomeMethod
        self.becomeUser = becomeUser
        self.hasPassword = hasPassword
    }

    /// The first value of an ssh option, by name without regard to case: ssh takes the first it meets.
    public func option(_ name: String) -> String? {
        let wanted = name.lowercased()
        return options.first { $0.name.lowercased() == wanted }?.value
    }

    /// The hosts to go through (`ProxyJump` or `-J`), as written; nil without.
    public var proxyJump: String? { option("ProxyJump") }
    /// The `ProxyCommand`, as written; nil without.
    public var proxyCommand: String? { option("ProxyCommand") }
}
