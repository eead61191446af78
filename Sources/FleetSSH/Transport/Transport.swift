internal import NIOCore

/// What carries a session's bytes: a TCP connection, or a channel of a jump host's session.
protocol Transport: AnyObject {
    /// Whether more bytes are welcome; ``send(_:)`` accepts them all the same.
    var isWritable: Bool { get }
    /// Sends bytes, all of them, in order.
    func send(_ bytes: ByteBuffer)
    /// Acknowledges what has come, and what comes next, without waiting for something to send along.
    func acknowledgeAtOnce()
    /// Ends it; the user hears nothing more.
    func close()
}

extension Transport {
    /// Nothing: who carries the bytes has no acknowledgements of its own.
    func acknowledgeAtOnce() {}
}

/// Whom a transport tells what happens to it; always on the event loop.
protocol TransportUser: AnyObject {
    func transportConnected(_ transport: any Transport)
    func transportReceived(_ bytes: inout ByteBuffer)
    func transportDrained()
    /// It could not be established, or ended; the words say how.
    func transportEnded(_ words: String)
}
