/// A line of an ssh_config that cannot be used: where, what was found, what would do.
public struct SSHConfigMistake: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as it was named.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1; where the word at fault begins.
    public var column: Int
    /// What is wrong, and what was expected.
    public var message: String

    /// `file:line:column: message`.
    public var description: String { "\(file):\(line):\(column): \(message)" }
}

/// All mistakes of an ssh_config and the files it includes; at least one.
public struct SSHConfigMistakes: Error, Hashable, Sendable, CustomStringConvertible {
    /// In the order in which the lines are read.
    public var all: [SSHConfigMistake]

    /// One a line.
    public var description: String { all.map(\.description).joined(separator: "\n") }
}
