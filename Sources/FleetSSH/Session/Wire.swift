internal import CLibSSH2
internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The two buffers between a session of the C library and its transport.
///
/// The C callbacks see this object and nothing else: they run inside a call that the session makes, and touching the
/// session from there would violate exclusivity.
final class Wire {
    /// Bytes that came and that the library has not taken.
    private var inbound = ByteBuffer()
    /// Bytes that the library wants sent; SEND always accepts (a refused packet would block every other call).
    private var outbound = ByteBuffer()
    /// Bytes that ever came in.
    private(set) var receivedBytes = 0
    /// Bytes that the library ever took.
    private(set) var consumedBytes = 0
    /// Whether nothing more will come: RECV then says so.
    var hasEnded = false
    /// Answers the questions of `keyboard-interactive`.
    var responder: PasswordAuthentication?
    /// What came first, until the handshake is done: names the server's algorithms when none fits.
    private(set) var prologue: ByteBuffer? = ByteBuffer()

    private static let prologueLimit = 8192
    private static let keptCapacity = 32768

    /// Bytes that wait to be sent.
    var outboundBytes: Int { outbound.readableBytes }

    /// Puts bytes from the transport behind those that wait.
    func receive(_ bytes: inout ByteBuffer) {
        receivedBytes += bytes.readableBytes
        if let known = prologue?.readableBytes, known < Self.prologueLimit { prologue?.writeImmutableBuffer(bytes) }
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
    }

    /// Forgets the first bytes; called when the handshake is done.
    func dropPrologue() { prologue = nil }

    /// Hands over what waits to be sent; nil when nothing does.
    func takeOutbound() -> ByteBuffer? {
        guard outbound.readableBytes > 0 else { return nil }
        return outbound
    }

    /// Empties the outbound buffer after ``takeOutbound()`` was written.
    func clearOutbound() {
        if outbound.capacity > Self.keptCapacity { outbound = ByteBuffer() } else { outbound.clear() }
    }

    /// Hangs the wire and its callbacks onto a session, which must be freed before the wire.
    func attach(to session: OpaquePointer) {
        libssh2_session_abstract(session).pointee = Unmanaged.passUnretained(self).toOpaque()
        let send = unsafeBitCast(wireSend, to: UnsafeMutableRawPointer.self)
        let receive = unsafeBitCast(wireReceive, to: UnsafeMutableRawPointer.self)
        libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, send)
        libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, receive)
    }

    fileprivate func take(into target: UnsafeMutableRawPointer, _ length: Int) -> Int {
        let count = min(length, inbound.readableBytes)
        guard count > 0 else { return hasEnded ? 0 : -Int(EAGAIN) }
        inbound.readWithUnsafeReadableBytes { source in
            if let base = source.baseAddress { target.copyMemory(from: base, byteCount: count) }
            return count
        }
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        consumedBytes += count
        return count
    }

    fileprivate func accept(_ bytes: UnsafeRawBufferPointer) -> Int {
        if !hasEnded { outbound.writeBytes(bytes) }
        return bytes.count
    }
}

private typealias SendCallback =
    @convention(c) (
        Int32, UnsafeRawPointer?, Int, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int
private typealias ReceiveCallback =
    @convention(c) (
        Int32, UnsafeMutableRawPointer?, Int, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int

private let wireSend: SendCallback = { _, bytes, length, _, abstract in
    guard let wire = abstract?.pointee else { return -Int(EBADF) }
    return Unmanaged<Wire>.fromOpaque(wire).takeUnretainedValue()
        .accept(UnsafeRawBufferPointer(start: bytes, count: length))
}

private let wireReceive: ReceiveCallback = { _, target, length, _, abstract in
    guard let wire = abstract?.pointee, let target else { return -Int(EBADF) }
    return Unmanaged<Wire>.fromOpaque(wire).takeUnretainedValue().take(into: target, length)
}
