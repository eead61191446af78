/// A command that makes, lists and deletes hosts: how any cloud or bare-metal tool plugs in (R3).
///
/// It is called with one more argument, `create`, `list` or `delete`, reads one JSON document on standard input and writes
/// one on standard output. `create` is asked for hosts by names that fleet gives, only for those that `list` does not
/// show, and returns when they can be logged in to; so that a crash at any instant makes no host twice.
public struct HostProvider: Hashable, Sendable {
    /// The program and its first arguments; a relative path is the playbook's neighbour.
    public var command: [String]
    /// Whether hosts that went out of the cluster are deleted, as far as the command lists them.
    public var deletesOld: Bool
    /// How long one call may take.
    public var timeout: Duration

    /// A provider.
    public init(command: [String], deletesOld: Bool = false, timeout: Duration = .seconds(1800)) {
        self.command = command
        self.deletesOld = deletesOld
        self.timeout = timeout
    }

    /// The name of what comes in for a host, or for its Node: `web-02` is followed by `web-02-r1`, that by `web-02-r2`.
    ///
    /// Of a name with a domain the first label changes.
    public static func successor(of name: String) -> String {
        let label = name.prefix { $0 != "." }
        let rest = name.dropFirst(label.count)
        guard let match = label.wholeMatch(of: /(.+)-r([0-9]{1,6})/), let number = Int(match.2) else {
            return "\(label)-r1\(rest)"
        }
        return "\(match.1)-r\(number + 1)\(rest)"
    }
}
