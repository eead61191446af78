import FleetModel
import FleetReport
import FleetSSH

/// Prints hosts' lines while they come, off the event loops that bring them.
struct LiveOutput: Sendable {
    /// One stream of one host.
    struct Source: Hashable, Sendable {
        var position: Int
        var stream: HostStream
    }

    private struct Piece: Sendable {
        var source: Source
        var bytes: [UInt8]
        /// How many bytes of its stream were dropped right before it.
        var dropped: Int
    }

    private let pieces: AsyncStream<Piece>.Continuation
    private let backlog: LiveBacklog
    private let telling: Task<Void, Never>

    /// Bytes that may wait to be printed.
    private static let room = 64 << 20

    /// Lines of these hosts, printed by `write` where it is given.
    init(
        _ hosts: [HostName], _ output: Output, room: Int = room,
        write: (@Sendable (String, StandardStream) -> Void)? = nil
    ) {
        let (stream, continuation) = AsyncStream.makeStream(of: Piece.self)
        let backlog = LiveBacklog(room: room)
        (pieces, self.backlog) = (continuation, backlog)
        telling = Task {
            await Self.tell(
                stream, backlog, hosts.map(\.rawValue), style: { output.style(of: $0.standard) },
                write: { lines, stream in
                    if let write { write(lines, stream.standard) } else { output.live(lines, to: stream.standard) }
                })
        }
    }

    /// What one host's streams are handed to.
    func tap(_ position: Int) -> @Sendable (HostStream, [UInt8]) -> Void {
        { [pieces, backlog] stream, bytes in
            let source = Source(position: position, stream: stream)
            guard let dropped = backlog.enter(bytes.count, from: source) else { return }
            pieces.yield(Piece(source: source, bytes: bytes, dropped: dropped))
        }
    }

    /// Prints what is left, and returns when everything is out.
    func finish() async {
        pieces.finish()
        await telling.value
    }

    private static func tell(
        _ pieces: AsyncStream<Piece>, _ backlog: LiveBacklog, _ hosts: [String], style: (HostStream) -> TextStyle,
        write: (String, HostStream) -> Void
    ) async {
        let width = hosts.reduce(0) { max($0, $1.count) }
        var lines: [Source: LiveLines] = [:]
        func stream(_ source: Source) -> LiveLines {
            lines[source] ?? LiveLines(host: hosts[source.position], width: width, style: style(source.stream))
        }
        for await piece in pieces {
            let source = piece.source
            var line = stream(source)
            if piece.dropped > 0 { write(line.skip(piece.dropped), source.stream) }
            write(line.consume(piece.bytes), source.stream)
            lines[source] = line
            backlog.leave(piece.bytes.count)
        }
        let dropped = backlog.dropped
        for source in Set(lines.keys).union(dropped.keys).sorted(by: { $0.position < $1.position }) {
            var line = stream(source)
            write(dropped[source].map { line.skip($0) } ?? line.finish(), source.stream)
        }
    }
}

extension HostStream {
    /// Where a host's stream is printed.
    fileprivate var standard: StandardStream {
        switch self {
        case .output: .output
        case .error: .error
        }
    }
}
