public import FleetModel

/// Deadlines and limits of ``SSHHosts``.
public struct SSHSettings: Sendable {
    /// The longest a TCP connection may take, in seconds.
    public var connectSeconds: Int64 = 10
    /// The longest the key exchange may take, in seconds.
    public var handshakeSeconds: Int64 = 20
    /// The longest authentication may take, in seconds.
    public var authenticationSeconds: Int64 = 20
    /// The longest a channel may take to open, in seconds; a command's own deadline begins then.
    public var openSeconds: Int64 = 20
    /// The longest a channel may take to close before its connection is given up, in seconds.
    public var closeSeconds: Int64 = 5
    /// How long a connection without a command is kept, in seconds.
    public var idleSeconds: Int64 = 60
    /// Inbound silence after which a running command's connection is probed, in seconds; at least 3.
    public var probeSeconds: Int64 = 5
    /// Probes without an answer after which the peer counts as dead.
    public var probes: Int = 3
    /// Seconds between SIGTERM and SIGKILL when a command is stopped.
    public var killGraceSeconds: Int = 3
    /// The longest a stop may take beyond that grace, in seconds; the command is then reported all the same.
    public var stopSeconds: Int = 20
    /// Hosts worked on at once.
    public var parallelism: Int = 256
    /// Hosts that files are sent to at once; each takes half a MiB of memory and its share of the network here.
    public var uploads: Int = 32
    /// Connections to one sshd that have not authenticated yet (its MaxStartups drops more than 10).
    public var unauthenticatedPerAddress: Int = 8
    /// Commands at once on one connection; the rest wait (sshd's MaxSessions is 10, and a stop needs one).
    public var commandsPerConnection: Int = 8
    /// How often a command that never started is tried in all.
    public var attempts: Int = 3
    /// The same where the server drops connections before the login, as sshd does beyond its MaxStartups.
    public var attemptsWhenDropped: Int = 8
    /// The first wait before another attempt, in milliseconds; doubled each time, with jitter.
    public var retryMilliseconds: Int64 = 300
    /// Asked once for the passphrase of an encrypted private key; nil leaves the key unused.
    public var passphrase: @Sendable (_ path: String) async -> Secret? = { _ in nil }
    /// Asked for the login password of a host; nil offers none.
    public var password: @Sendable (_ endpoint: HostEndpoint) async -> Secret? = { _ in nil }
    /// Asked for the password of the host's become method; nil gives none.
    public var becomePassword: @Sendable (_ endpoint: HostEndpoint) async -> Secret? = { _ in nil }
    /// Told about malformed known_hosts lines.
    public var warn: @Sendable (String) -> Void = { _ in }

    /// The defaults.
    public init() {}
}
