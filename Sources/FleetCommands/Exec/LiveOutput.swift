import FleetModel
import FleetReport
import FleetSSH

/// Prints hosts' lines while they come, off the event loops that bring them.
struct LiveOutput: Sendable {
    private struct Piece: Sendable {
        var position: Int
        var stream: HostStream
        var bytes: [UInt8]
    }

    private let pieces: AsyncStream<Piece>.Continuation
    private let telling: Task<Void, Never>

    /// Lines of these hosts.
    init(_ hosts: [HostName], _ output: Output) {
        let (stream, continuation) = AsyncStream.makeStream(of: Piece.self)
        pieces = continuation
        telling = Task { await Self.tell(stream, hosts.map(\.rawValue), output) }
    }

    /// What one host's streams are handed to.
    func tap(_ position: Int) -> @Sendable (HostStream, [UInt8]) -> Void {
        { [pieces] stream, bytes in pieces.yield(Piece(position: position, stream: stream, bytes: bytes)) }
    }

    /// Prints what is left, and returns when everything is out.
    func finish() async {
        pieces.finish()
        await telling.value
    }

    private static func tell(_ pieces: AsyncStream<Piece>, _ hosts: [String], _ output: Output) async {
        let width = hosts.reduce(0) { max($0, $1.count) }
        var lines: [HostStream: [Int: LiveLines]] = [.output: [:], .error: [:]]
        for await piece in pieces {
            var line =
                lines[piece.stream]?[piece.position]
                ?? LiveLines(
                    host: hosts[piece.position], width: width, style: output.style(of: piece.stream.standard))
            output.live(line.consume(piece.bytes), to: piece.stream.standard)
            lines[piece.stream]?[piece.position] = line
        }
        for (stream, lines) in lines {
            for (_, line) in lines.sorted(by: { $0.key < $1.key }) {
                var line = line
                output.live(line.finish(), to: stream.standard)
            }
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
