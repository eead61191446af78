/// A setting of an ssh_config with the conditions of the blocks around it.
struct SSHConfigDirective: Sendable {
    /// A setting that fleet heeds, by its name in lower case.
    enum Key: String, Sendable, CaseIterable {
        case hostname, user, port, identityfile, certificatefile, identitiesonly, identityagent, proxyjump, proxycommand
        case userknownhostsfile, globalknownhostsfile, stricthostkeychecking, hostkeyalias
    }

    /// One `Host` or `Match` line.
    enum Condition: Hashable, Sendable {
        case host([HostPattern])
        case match([Criterion])
    }

    /// One criterion of a `Match` line.
    enum Criterion: Hashable, Sendable {
        case all
        /// The name after `HostName`.
        case host([HostPattern], isNegated: Bool)
        /// The name as it was given.
        case originalHost([HostPattern], isNegated: Bool)
        case user([HostPattern], isNegated: Bool)
        case localUser([HostPattern], isNegated: Bool)
        /// `canonical` and `final`: fleet reads the file once, and these are for a second reading.
        case secondReading
    }

    var key: Key
    var values: [String]
    /// All of them must hold.
    var conditions: [Condition]
    var file: String
    var line: Int
    /// Where the first value begins.
    var column: Int

    func mistake(_ message: String) -> SSHConfigMistake {
        SSHConfigMistake(file: file, line: line, column: column, message: message)
    }
}

extension [HostPattern] {
    /// Whether one matches and none that is negated does (ssh_config(5), PATTERNS).
    func match(_ name: String) -> Bool {
        let hits = filter { $0.matches(name) }
        return !hits.isEmpty && !hits.contains { $0.isNegated }
    }
}
