/// Cuts a stream of bytes into lines; a watch sends one event a line.
struct LineSplitter {
    private var buffer: [UInt8] = []
    /// More than any object has (etcd takes 1.5 MiB, and JSON may need six bytes for one), so that a line that never ends
    /// does not fill the memory.
    private static let longest = 64 << 20

    /// Whether the line that is not complete yet is longer than any event.
    var isOverfull: Bool { buffer.count > Self.longest }

    /// Adds bytes and returns the lines that are complete now, without their ends; empty lines are left out.
    mutating func append(_ bytes: some Collection<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            buffer.append(contentsOf: rest[..<end])
            if !buffer.isEmpty { lines.append(buffer) }
            buffer.removeAll()
            rest = rest[rest.index(after: end)...]
        }
        buffer.append(contentsOf: rest)
        return lines
    }

    /// What stands after the last line's end: a whole event, or one that was cut off.
    var remainder: [UInt8] { buffer }
}
