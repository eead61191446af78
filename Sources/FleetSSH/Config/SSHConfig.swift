/// The files of an ssh_config, for a parser that opens no path itself.
public struct SSHConfigFiles: Sendable {
    /// The text of a file; nil when it cannot be read.
    public var text: @Sendable (_ path: String) -> String?
    /// The files that an `Include` of another file means, sorted; none when there are none.
    public var matching: @Sendable (_ pattern: String, _ includer: String) -> [String]

    /// Reads through these.
    public init(
        text: @escaping @Sendable (_ path: String) -> String?,
        matching: @escaping @Sendable (_ pattern: String, _ includer: String) -> [String]
    ) {
        self.text = text
        self.matching = matching
    }
}

/// `~/.ssh/config` and `/etc/ssh/ssh_config`, as ssh(1) reads them: for each setting the first value that is met.
///
/// What fleet does not need is passed over; what it cannot heed is a mistake with its place, never a silent difference.
public struct SSHConfig: Sendable {
    private let directives: [SSHConfigDirective]

    /// A config that says nothing.
    public init() { directives = [] }

    /// Reads files in their order; those that are not there say nothing.
    ///
    /// Throws every mistake there is.
    public init(_ paths: [String], through files: SSHConfigFiles) throws(SSHConfigMistakes) {
        var parser = SSHConfigParser(files)
        for path in paths {
            if let text = files.text(path) { parser.read(text, file: path) }
        }
        guard parser.mistakes.isEmpty else { throw SSHConfigMistakes(all: parser.mistakes) }
        directives = parser.directives
    }

    /// What is asked for.
    public struct Query: Hashable, Sendable {
        /// The name as it was given (`%n`).
        public var host: String
        /// The login user, where something above the file says so.
        public var user: String?
        /// The port, where something above the file says so.
        public var port: Int?
        /// Who runs fleet (`%u`).
        public var localUser: String
        /// The home directory of whoever runs fleet (`%d`, `~`).
        public var home: String

        /// A question.
        public init(host: String, user: String? = nil, port: Int? = nil, localUser: String, home: String) {
            self.host = host
            self.user = user
            self.port = port
            self.localUser = localUser
            self.home = home
        }
    }

    /// What the files say about a host; nil and empty where they say nothing.
    public struct Settings: Hashable, Sendable {
        /// `HostName`, else the name asked for.
        public var hostName: String
        /// `User`.
        public var user: String?
        /// `Port`.
        public var port: Int?
        /// Every `IdentityFile`, in order; `none` empties the list.
        public var identityFiles: [String] = []
        /// Every `CertificateFile`, in order.
        public var certificateFiles: [String] = []
        /// `IdentitiesOnly`.
        public var usesOnlyIdentityFiles: Bool?
        /// `IdentityAgent`, such as a socket or `none`.
        public var identityAgent: String?
        /// `ProxyJump`, as written.
        public var proxyJump: String?
        /// `ProxyCommand`, its tokens still in it.
        public var proxyCommand: String?
        /// `UserKnownHostsFile`, then `GlobalKnownHostsFile`; nil leaves the defaults.
        public var userKnownHostsFiles: [String]?
        /// `GlobalKnownHostsFile`; nil leaves the default.
        public var globalKnownHostsFiles: [String]?
        /// `StrictHostKeyChecking`, in lower case.
        public var strictHostKeyChecking: String?
    }

    /// The settings of a host; throws what its lines ask for and fleet cannot do.
    public func settings(_ query: Query) throws(SSHConfigMistake) -> Settings {
        var reading = SSHConfigReading(query)
        for directive in directives where reading.holds(directive.conditions) { try reading.heed(directive) }
        return try reading.finished()
    }
}
