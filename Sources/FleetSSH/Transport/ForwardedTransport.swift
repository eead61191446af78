internal import NIOCore

/// A session's bytes through a jump host: a direct-tcpip channel of the jump's session, on the same event loop.
final class ForwardedTransport: Transport, ChannelOwner {
    private var user: (any TransportUser)?
    private var channel: RemoteChannel?

    private static let highWater = 256 << 10

    init(user: any TransportUser) { self.user = user }

    /// Asks the jump host to connect, in its turn: `whenBegun` tells when that is.
    func connect(to address: String, port: Int, through session: Session, whenBegun: @escaping () -> Void) {
        let channel = RemoteChannel(.forward(host: address, port: port), session: session, owner: self)
        self.channel = channel
        channel.whenBegun = whenBegun
        channel.open()
    }

    var isWritable: Bool { channel.map { $0.outgoingBytes < Self.highWater } ?? false }

    func send(_ bytes: ByteBuffer) { channel?.write(bytes) }

    func close() {
        user = nil
        channel?.close()
        channel = nil
    }

    /// Tells the user that the jump host's session is gone.
    func jumpEnded(_ words: String) { end(words) }

    func channelRequested() {}

    func channelOpened() { user?.transportConnected(self) }

    func channelDrained() {}

    func channelReceived(_ bytes: UnsafeRawBufferPointer, stream: Int32) {
        guard stream == 0 else { return }
        var buffer = ByteBuffer(bytes: bytes)
        user?.transportReceived(&buffer)
    }

    func channelPaused() {
        if isWritable { user?.transportDrained() }
    }

    func channelClosed(_ end: ChannelEnd) { self.end("the host closed the connection") }

    func channelFailed(_ code: Int32, _ words: String) { end("the jump host cannot reach it: \(words)") }

    private func end(_ words: String) {
        channel = nil
        let user = user
        self.user = nil
        user?.transportEnded(words)
    }
}
