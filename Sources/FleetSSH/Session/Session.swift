internal import CLibSSH2
internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// One SSH session of the C library, without any I/O: it is handed bytes, and hands out bytes.
///
/// Confined to one event loop. Everything happens inside ``drive()``: the control operation at the head of the queue,
/// then every channel, until nothing moves without more inbound bytes (`EAGAIN` means only that, because SEND always
/// accepts).
final class Session {
    let raw: OpaquePointer
    let wire = Wire()
    let scratch: Scratch
    /// Carries the outbound bytes; set once the transport is there.
    var transport: (any Transport)?
    private var operations = CircularBuffer<ControlOperation>()
    private var channels: [RemoteChannel] = []
    private var isDriving = false
    private var mustRepeat = false
    private var isFreed = false
    /// A goodbye asked for while driving: channels must not be freed under their own calls.
    private var pendingClose: Bool?

    /// Outbound bytes above which no channel data is written.
    private static let highWater = 256 << 10

    /// A session in non-blocking mode; nil when memory is short.
    init?(scratch: Scratch) {
        guard SSHLibrary.isStarted, let raw = libssh2_session_init_ex(nil, nil, nil, nil) else { return nil }
        self.raw = raw
        self.scratch = scratch
        libssh2_session_set_blocking(raw, 0)
        wire.attach(to: raw)
    }

    deinit { assert(isFreed, "a session must be closed on its event loop") }

    /// Whether channel data may be written now.
    var mayWrite: Bool { wire.outboundBytes < Self.highWater && transport?.isWritable ?? false }

    /// The library's words for the last failure.
    var lastError: String {
        var text: UnsafeMutablePointer<CChar>?
        let code = libssh2_session_last_error(raw, &text, nil, 0)
        let words = text.map { String(cString: $0) } ?? ""
        return words.isEmpty ? "libssh2 error \(code)" : "\(words) (\(code))"
    }

    /// Whether the server says that it is OpenSSH's, which makes every command the leader of a session of processes.
    var isOpenSSH: Bool {
        libssh2_session_banner_get(raw).map { strstr($0, "OpenSSH") != nil } ?? false
    }

    /// The code of the last failure.
    var lastErrorCode: Int32 { libssh2_session_last_errno(raw) }

    /// Queues a control operation and drives.
    func perform(_ operation: ControlOperation) {
        operations.append(operation)
        drive()
    }

    /// Adds a channel to those driven.
    func adopt(_ channel: RemoteChannel) { channels.append(channel) }

    /// Removes a channel that is closed and freed.
    func abandon(_ channel: RemoteChannel) { channels.removeAll { $0 === channel } }

    /// Takes bytes from the transport and drives.
    func receive(_ bytes: inout ByteBuffer) {
        wire.receive(&bytes)
        drive()
    }

    /// Does everything that can be done without more inbound bytes, and sends what came of it.
    func drive() {
        guard !isFreed else { return }
        guard !isDriving else {
            mustRepeat = true
            return
        }
        isDriving = true
        repeat {
            mustRepeat = false
            turn()
            // Sending may report at once that there is room again, which must not start another round inside this one.
            flush()
        } while mustRepeat && pendingClose == nil
        isDriving = false
        if let politely = pendingClose { close(politely: politely) }
    }

    /// Sends a keepalive that wants an answer, which shows whether the peer lives.
    func probe() {
        guard !isFreed else { return }
        var next: Int32 = 0
        libssh2_keepalive_config(raw, 1, 1)
        libssh2_keepalive_send(raw, &next)
        drive()
    }

    /// Says goodbye where `politely`, frees the session, and closes its transport; every channel dies with it.
    func close(politely: Bool) {
        guard !isFreed else { return }
        guard !isDriving else {
            pendingClose = politely && pendingClose ?? true
            return
        }
        isFreed = true
        if politely {
            libssh2_session_disconnect_ex(raw, SSH_DISCONNECT_BY_APPLICATION, "", "")
            flush()
        }
        // RECV now answers "disconnected", so that freeing never waits for the peer.
        wire.hasEnded = true
        var attempts = 0
        while libssh2_session_free(raw) == SSHLibrary.again, attempts < 1000 { attempts += 1 }
        operations.removeAll()
        channels.forEach { $0.sessionClosed() }
        channels.removeAll()
        transport?.close()
        transport = nil
    }

    private func turn() {
        while let operation = operations.first, pendingClose == nil {
            let code = operation.attempt()
            if code == SSHLibrary.again {
                if operation.admitsNext() { attemptSecond() }
                break
            }
            operations.removeFirst()
            operation.finish(code)
        }
        let before = wire.consumedBytes
        let hasSeveral = channels.count > 1
        var isDrained = false
        for channel in channels where pendingClose == nil {
            if isDrained { channel.pumpQueued() } else { channel.pump() }
            isDrained = isDrained || channel.isOpen
        }
        // What a channel took in may be an answer that another one, or the operation, waits for.
        if hasSeveral || !operations.isEmpty, wire.consumedBytes != before { mustRepeat = true }
    }

    private func attemptSecond() {
        guard operations.count > 1 else { return }
        let place = operations.index(after: operations.startIndex)
        let operation = operations[place]
        let code = operation.attempt()
        guard code != SSHLibrary.again else { return }
        operations.remove(at: place)
        operation.finish(code)
    }

    private func flush() {
        guard let bytes = wire.takeOutbound() else { return }
        transport?.send(bytes)
        wire.clearOutbound()
    }
}
