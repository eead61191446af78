internal import FleetModel
internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Hands one input over to a channel piece by piece, so that no more than one piece of it is in memory; confined to the
/// event loop.
final class InputFeed {
    private let input: HostInput
    private let channel: RemoteChannel
    private let loop: any EventLoop
    private var ended: ((_ isWhole: Bool) -> Void)?
    private var sent = 0
    private var isReading = false
    private var file: OpenFile?

    /// Bytes that go into the channel at once.
    private static let piece = 512 << 10

    /// A feed that is started by ``more()``; `ended` tells once whether all that was announced was handed over.
    init(
        _ input: HostInput, into channel: RemoteChannel, on loop: any EventLoop,
        ended: @escaping (_ isWhole: Bool) -> Void
    ) {
        self.input = input
        self.channel = channel
        self.loop = loop
        self.ended = ended
    }

    /// Hands over the next piece where the channel holds nothing any more.
    func more() {
        guard ended != nil, !isReading, channel.outgoingBytes == 0 else { return }
        guard sent < input.size else { return end(isWhole: true) }
        let range = sent..<min(input.size, sent + Self.piece)
        switch input {
        case .bytes(let bytes): hand(ByteBuffer(bytes: bytes[range]))
        case .file(let path, _): read(path, range)
        }
    }

    /// Hands over nothing more, and tells nothing.
    func stop() {
        ended = nil
        file = nil
    }

    private func hand(_ bytes: ByteBuffer) {
        sent += bytes.readableBytes
        channel.write(bytes)
    }

    /// Reading waits for the disk: off the event loop.
    private func read(_ path: String, _ range: Range<Int>) {
        isReading = true
        let file = file
        let pieces = NIOThreadPool.singleton.runIfActive(eventLoop: loop) { () throws -> (OpenFile, ByteBuffer) in
            let open = try file ?? OpenFile(path)
            return (open, try open.bytes(range))
        }
        pieces.assumeIsolated().whenComplete { [weak self] result in
            guard let self, ended != nil else { return }
            isReading = false
            guard case .success(let (open, bytes)) = result, bytes.readableBytes == range.count else {
                return end(isWhole: false)
            }
            self.file = open
            hand(bytes)
        }
    }

    private func end(isWhole: Bool) {
        let ended = ended
        stop()
        ended?(isWhole)
    }
}

/// A file opened for reading, closed when nobody holds it any more.
private final class OpenFile: Sendable {
    private let descriptor: CInt

    /// What went wrong, by errno.
    struct Failure: Error { var code: CInt }

    init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }

    /// The bytes of a range; fewer where the file ends before.
    func bytes(_ range: Range<Int>) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(range.count)
        while buffer.readableBytes < range.count {
            let done = buffer.readableBytes
            let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: range.count - done) { target in
                let count = pread(
                    descriptor, target.baseAddress, range.count - done, off_t(range.lowerBound + done))
                guard count >= 0 else { throw Failure(code: errno) }
                return count
            }
            if count == 0 { break }
        }
        return buffer
    }
}
