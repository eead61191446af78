/// A place in a file, printed `file:line:column`.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    /// The file's path as the operator named it, or a name such as `--limit`.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1, in characters.
    public var column: Int

    /// A place; the beginning of the file unless said otherwise.
    public init(file: String, line: Int = 1, column: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`.
    public var description: String { "\(file):\(line):\(column)" }

    /// The place of a character of a text that begins here and goes on at the first column of each further line.
    func advanced(by text: some StringProtocol, continuingAt firstColumn: Int) -> SourceLocation {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 1, let last = lines.last else {
            return SourceLocation(file: file, line: line, column: column + text.count)
        }
        return SourceLocation(file: file, line: line + lines.count - 1, column: firstColumn + last.count)
    }
}
