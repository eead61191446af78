public import FleetExpressions

/// A file of this machine that a step uploads: where it is, and what it was when the playbook was read.
public struct LocalFile: Hashable, Sendable {
    /// Its place below the directory that the playbook names; empty for a file that is named itself.
    public var name: String
    /// Where it is read from when a host asks for it.
    public var path: String
    /// In bytes.
    public var size: Int
    /// SHA-256 of its contents, lowercase hexadecimal: a file that was changed since is refused by the host.
    public var sha256: String
    /// Whether its owner may run it.
    public var isExecutable: Bool
    /// Its text as it was read, where a step uploads what it comes to on each host; nil where none does.
    public var template: Template?

    /// A file.
    public init(name: String = "", path: String, size: Int, sha256: String, isExecutable: Bool = false) {
        self.name = name
        self.path = path
        self.size = size
        self.sha256 = sha256
        self.isExecutable = isExecutable
        template = nil
    }
}
