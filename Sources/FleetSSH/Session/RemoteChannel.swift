internal import CLibSSH2
internal import NIOCore

/// What a channel tells the one who opened it.
protocol ChannelOwner: AnyObject {
    /// The command is on its way, and what is written now goes along with it; not yet accepted.
    func channelRequested()
    /// The peer accepted the channel, and its command where it has one.
    func channelOpened()
    /// Everything written was handed over, and there is room for more.
    func channelDrained()
    /// Bytes of standard output (0) or standard error (1); valid during the call only.
    func channelReceived(_ bytes: UnsafeRawBufferPointer, stream: Int32)
    /// Everything that could be read for now was read.
    func channelPaused()
    /// The peer closed the channel.
    func channelClosed(_ end: ChannelEnd)
    /// The channel could not be opened, or broke; the words are the library's.
    func channelFailed(_ code: Int32, _ words: String)
}

/// What the peer said when it closed a channel; a status of 0 may also mean that it said nothing.
struct ChannelEnd {
    var signal: String?
    var status: Int32
}

/// One channel of a session: a command, or a connection forwarded by a jump host.
final class RemoteChannel {
    /// What the channel is for.
    enum Purpose {
        case command(String, hasTerminal: Bool = false)
        case forward(host: String, port: Int)
    }

    private enum State { case opening, starting, open, closing, closed }

    private let session: Session
    private let purpose: Purpose
    private weak var owner: (any ChannelOwner)?
    private var state = State.opening
    private var raw: OpaquePointer?
    private var outgoing = ByteBuffer()
    /// Whether the peer was asked to open it.
    private var isBegun = false
    private var isRequested = false
    private var wantsTerminal = false
    private var endsInput = false
    private var hasEndedInput = false
    /// Called once when the opening is at the head of the session's queue.
    var whenBegun: (() -> Void)?
    /// Called once when the channel is freed.
    var whenFreed: (() -> Void)?

    /// A channel that is opened by ``open()``.
    init(_ purpose: Purpose, session: Session, owner: any ChannelOwner) {
        self.purpose = purpose
        if case .command(_, true) = purpose { wantsTerminal = true }
        self.session = session
        self.owner = owner
    }

    /// Bytes that wait to be written.
    var outgoingBytes: Int { outgoing.readableBytes }

    /// Whether the peer accepted it and it is not closed.
    var isOpen: Bool { state == .open }

    /// Queues the opening; the owner hears of it.
    func open() {
        session.perform(
            ControlOperation(
                attempt: { [self] in attemptOpen() },
                finish: { [self] code in finishOpen(code) }
            )
        )
    }

    /// Queues bytes for the peer; `ending` closes its input after them.
    func write(_ bytes: ByteBuffer, ending: Bool = false) {
        if outgoing.readableBytes == 0 { outgoing = bytes } else { outgoing.writeImmutableBuffer(bytes) }
        endsInput = endsInput || ending
        session.drive()
    }

    /// Closes and frees the channel in the background; the owner hears nothing more.
    func close() {
        owner = nil
        switch state {
        case .opening: state = .closed
        case .starting, .open: state = .closing
        case .closing, .closed: return
        }
        session.drive()
    }

    /// Does what can be done now.
    func pump() {
        if state == .starting { start() }
        if state == .starting, isRequested { writeOut() }
        if state == .open {
            writeOut()
            readIn()
        }
        if state == .closing { free() }
    }

    /// The session is freed, and the channel with it.
    func sessionClosed() {
        raw = nil
        owner = nil
        state = .closed
        whenFreed = nil
    }

    /// Does what can be done now, knowing that every inbound byte was taken by another channel's read already.
    ///
    /// With hundreds of channels on a jump host's session this is what keeps a packet cheap.
    func pumpQueued() {
        guard state == .open else { return pump() }
        if outgoing.readableBytes > 0 || endsInput != hasEndedInput {
            writeOut()
            // There may be room again for whoever waited with more.
            owner?.channelPaused()
        }
        guard state == .open else { return }
        var queued: UInt = 0
        libssh2_channel_window_read_ex(raw, &queued, nil)
        if queued > 0 || libssh2_channel_eof(raw) == 1 { readIn() }
    }

    private func attemptOpen() -> Int32 {
        // Once begun it is seen through, wanted or not: another's call would resume this one and get its channel.
        if !isBegun {
            guard state == .opening else { return 0 }
            isBegun = true
            whenBegun?()
            whenBegun = nil
        }
        switch purpose {
        case .command:
            raw = libssh2_channel_open_ex(
                session.raw, "session", 7, SSHLibrary.window, SSHLibrary.packet, nil, 0)
        case .forward(let host, let port):
            raw = libssh2_channel_direct_tcpip_ex(session.raw, host, Int32(port), "127.0.0.1", 22)
        }
        return raw == nil ? session.lastErrorCode : 0
    }

    private func finishOpen(_ code: Int32) {
        guard raw != nil else { return fail(code) }
        session.adopt(self)
        if state == .closed {
            state = .closing
        } else if case .forward = purpose {
            state = .open
            owner?.channelOpened()
        } else {
            state = .starting
        }
    }

    private func start() {
        guard case .command(let line, _) = purpose else { return }
        if wantsTerminal {
            let code = requestTerminal()
            if code == SSHLibrary.again { return }
            guard code == 0 else { return fail(code) }
            wantsTerminal = false
        }
        let code = libssh2_channel_process_startup(raw, "exec", 4, line, UInt32(line.utf8.count))
        if !isRequested {
            isRequested = true
            // The request is sent, since SEND always accepts: what follows it needs no round trip of its own.
            owner?.channelRequested()
        }
        if code == SSHLibrary.again { return }
        guard code == 0 else { return fail(code) }
        guard state == .starting else { return }
        state = .open
        owner?.channelOpened()
    }

    /// A terminal that neither echoes nor changes anything: what is sent is a script (RFC 4254, 8).
    private func requestTerminal() -> Int32 {
        let (none, unmapped, unpaused): (UInt8, UInt8, UInt8) = (0, 36, 38)
        let (signals, lines, echo, extensions, processing): (UInt8, UInt8, UInt8, UInt8, UInt8) = (50, 51, 53, 59, 70)
        let off = [unmapped, unpaused, signals, lines, echo, extensions, processing].flatMap { number -> [UInt8] in
            [number, 0, 0, 0, 0]
        }
        return (off + [none]).withUnsafeBufferPointer { modes in
            modes.withMemoryRebound(to: CChar.self) { modes in
                libssh2_channel_request_pty_ex(
                    raw, "dumb", 4, modes.baseAddress, UInt32(modes.count), 80, 24, 0, 0)
            }
        }
    }

    private func writeOut() {
        while outgoing.readableBytes > 0, session.mayWrite {
            let written = outgoing.withUnsafeReadableBytes { bytes in
                libssh2_channel_write_ex(raw, 0, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
            if written == Int(SSHLibrary.again) { return }
            guard written >= 0 else { return fail(Int32(written)) }
            // Neither room nor a word about it: the next inbound bytes may bring it.
            guard written > 0 else { return }
            outgoing.moveReaderIndex(forwardBy: written)
        }
        guard outgoing.readableBytes == 0 else { return }
        if outgoing.capacity > 0 {
            outgoing = ByteBuffer()
            owner?.channelDrained()
        }
        if endsInput, !hasEndedInput, libssh2_channel_send_eof(raw) != SSHLibrary.again { hasEndedInput = true }
    }

    private func readIn() {
        guard read(stream: 0), read(stream: 1) else { return }
        owner?.channelPaused()
        guard state == .open, libssh2_channel_eof(raw) == 1 else { return }
        // A forwarded connection ends with its last byte: a jump host closes the channel much later, if at all.
        if case .command = purpose, libssh2_channel_wait_closed(raw) == SSHLibrary.again { return }
        let end = ChannelEnd(signal: exitSignal(), status: libssh2_channel_get_exit_status(raw))
        state = .closing
        let owner = owner
        self.owner = nil
        owner?.channelClosed(end)
    }

    /// Reads one stream until nothing is there; false when the channel is no longer open.
    private func read(stream: Int32) -> Bool {
        let base = session.scratch.bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        while state == .open {
            let count = libssh2_channel_read_ex(raw, stream, base, session.scratch.bytes.count)
            if count == 0 || count == Int(SSHLibrary.again) { return true }
            guard count > 0 else {
                fail(Int32(count))
                return false
            }
            owner?.channelReceived(UnsafeRawBufferPointer(rebasing: session.scratch.bytes[..<count]), stream: stream)
        }
        return false
    }

    private func exitSignal() -> String? {
        var name: UnsafeMutablePointer<CChar>?
        var length = 0
        let code = libssh2_channel_get_exit_signal(raw, &name, &length, nil, nil, nil, nil)
        guard code == 0, let name else { return nil }
        defer { libssh2_free(session.raw, name) }
        return String(decoding: UnsafeRawBufferPointer(start: name, count: length), as: UTF8.self)
    }

    private func fail(_ code: Int32) {
        let words = session.lastError
        state = raw == nil ? .closed : .closing
        let owner = owner
        self.owner = nil
        owner?.channelFailed(code, words)
        if raw == nil { whenFreed?() }
    }

    private func free() {
        guard libssh2_channel_free(raw) != SSHLibrary.again else { return }
        raw = nil
        state = .closed
        session.abandon(self)
        whenFreed?()
        whenFreed = nil
    }
}
