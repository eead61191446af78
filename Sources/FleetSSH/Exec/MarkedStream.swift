#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// One output stream of a command: what lies between its start and end markers, up to a limit.
///
/// Whatever a login shell prints before the start is dropped, and so is what a background child prints after the end.
struct MarkedStream {
    private enum Place { case before, inside, after }

    private let nonce: [UInt8]
    /// What the markers of start, question and end begin with; equally long.
    private let openings: [[UInt8]]
    private let limit: Int
    private var place = Place.before
    private var undecided: [UInt8] = []
    /// What came before the start, for messages; a few kilobytes of it.
    private(set) var preface: [UInt8] = []
    private(set) var kept: [UInt8] = []
    private(set) var dropped = 0
    /// The start marker's fields.
    private(set) var start: [Substring]?
    /// The end marker's fields.
    private(set) var end: [Substring]?
    /// The numbers of the inputs that the script asked for and that were not taken from here yet.
    var questions: [Int] = []
    /// Told what lies between the markers while it comes, without the limit.
    var tap: ((UnsafeRawBufferPointer) -> Void)?

    private static let longestMarker = 160
    private static let prefaceLimit = 4096
    /// A host that asks on and on fills no memory; no upload has more files at a time.
    private static let mostQuestions = 100_000

    init(nonce: String, limit: Int) {
        self.nonce = Array(nonce.utf8)
        openings = ["run", "ask", "end"].map { Array("\(nonce):\($0)".utf8) }
        self.limit = max(0, limit)
    }

    /// The kept bytes as text.
    var text: String { String(decoding: kept, as: UTF8.self) }

    /// Takes bytes as they come, cut anywhere.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) {
        guard place != .after else { return }
        if undecided.isEmpty, Self.position(of: nonce[0], in: bytes) == nil { return emit(bytes) }
        var all = undecided
        undecided.removeAll(keepingCapacity: true)
        all.append(contentsOf: bytes)
        all.withUnsafeBytes { scan($0) }
    }

    /// Nothing more comes: what was undecided is output.
    mutating func finish() {
        let rest = undecided
        undecided = []
        rest.withUnsafeBytes { emit($0) }
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while let mark = Self.position(of: nonce[0], in: rest), place != .after {
            let tail = UnsafeRawBufferPointer(rebasing: rest[mark...])
            emit(UnsafeRawBufferPointer(rebasing: rest[..<mark]))
            switch decide(tail) {
            case .more:
                undecided = Array(tail)
                return
            case .output:
                emit(UnsafeRawBufferPointer(rebasing: tail[..<1]))
                rest = UnsafeRawBufferPointer(rebasing: tail[1...])
            case .marker(let length):
                read(marker: UnsafeRawBufferPointer(rebasing: tail[nonce.count..<(length - 1)]))
                rest = UnsafeRawBufferPointer(rebasing: tail[length...])
            }
        }
        emit(rest)
    }

    private enum Decision {
        case more, output
        case marker(length: Int)
    }

    private func decide(_ tail: UnsafeRawBufferPointer) -> Decision {
        let known = min(tail.count, openings[0].count)
        guard openings.contains(where: { tail[..<known].elementsEqual($0[..<known]) }) else { return .output }
        if known == openings[0].count, let newline = Self.position(of: 10, in: tail) {
            return .marker(length: newline + 1)
        }
        return tail.count < Self.longestMarker ? .more : .output
    }

    private mutating func read(marker: UnsafeRawBufferPointer) {
        let fields = String(decoding: marker, as: UTF8.self).split(separator: ":")
        switch fields.first {
        case "run":
            start = Array(fields.dropFirst())
            place = .inside
        case "ask" where questions.count < Self.mostQuestions:
            questions += fields.dropFirst().compactMap { Int($0) }
        case "end":
            end = Array(fields.dropFirst())
            place = .after
        default: break
        }
    }

    private mutating func emit(_ bytes: UnsafeRawBufferPointer) {
        switch place {
        case .before: preface.append(contentsOf: bytes.prefix(max(0, Self.prefaceLimit - preface.count)))
        case .inside:
            if let tap, !bytes.isEmpty { tap(bytes) }
            let room = min(bytes.count, limit - kept.count)
            kept.append(contentsOf: bytes[..<room])
            dropped += bytes.count - room
        case .after: break
        }
    }

    private static func position(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
