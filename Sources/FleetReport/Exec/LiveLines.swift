/// One stream of one host, cut into lines while it comes.
public struct LiveLines: Sendable {
    private let prefix: String
    private var rest: [UInt8] = []

    /// A line that does not end is cut here, in bytes, so that it does not grow for ever.
    private static let longest = 64 << 10

    /// Lines that begin with a host's name, padded to a width so that they align.
    public init(host: String, width: Int, style: TextStyle) {
        let blanks = String(repeating: " ", count: max(0, width - host.count))
        prefix = "\(style(.strong, host))\(blanks)  "
    }

    /// The lines that are complete with these bytes, each with its line feed; empty text when none is.
    public mutating func consume(_ bytes: [UInt8]) -> String {
        var text = ""
        var pieces = bytes.split(separator: 10, omittingEmptySubsequences: false)
        let last = pieces.removeLast()
        for piece in pieces {
            text += line(rest + piece)
            rest.removeAll(keepingCapacity: true)
        }
        rest += last
        if rest.count > Self.longest { text += finish() }
        return text
    }

    /// What is left when the stream has ended, as a line; empty text when nothing is.
    public mutating func finish() -> String {
        guard !rest.isEmpty else { return "" }
        defer { rest.removeAll() }
        return line(rest)
    }

    /// A line in the place of bytes that were dropped, behind what was left before them.
    public mutating func skip(_ count: Int) -> String {
        "\(finish())\(prefix)(\(count) bytes were dropped: they came faster than they could be printed)\n"
    }

    private func line(_ bytes: [UInt8]) -> String {
        prefix + VisibleText.line(String(decoding: bytes, as: UTF8.self)) + "\n"
    }
}
