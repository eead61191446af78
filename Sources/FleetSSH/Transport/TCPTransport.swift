internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A session's bytes over TCP, without Nagle's delay.
final class TCPTransport: ChannelInboundHandler, Transport {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var user: (any TransportUser)?
    private var context: ChannelHandlerContext?
    private var failure = "the host closed the connection"

    init(user: any TransportUser) { self.user = user }

    /// Connects, and tells the user; every failure is told too.
    static func connect(
        to address: String, port: Int, within limit: TimeAmount, on loop: any EventLoop, user: any TransportUser
    ) {
        let bound = NIOLoopBound(user, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(limit)
            .channelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TCPTransport(user: bound.value))
                }
            }
        let future: EventLoopFuture<any Channel>
        if let literal = try? SocketAddress(ipAddress: address, port: port) {
            future = bootstrap.connect(to: literal)
        } else {
            future = bootstrap.connect(host: address, port: port)
        }
        future.assumeIsolated().whenFailure {
            user.transportEnded("connect to \(address) port \(port): \(describe($0))")
        }
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func send(_ bytes: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func acknowledgeAtOnce() {
        #if canImport(Glibc)
        let option = ChannelOptions.tcpOption(NIOBSDSocket.Option(rawValue: TCP_QUICKACK))
        try? context?.channel.syncOptions?.setOption(option, value: 1)
        #endif
    }

    func close() {
        user = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { user?.transportConnected(self) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        user?.transportReceived(&bytes)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { user?.transportDrained() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = Self.describe(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let user = user
        self.user = nil
        user?.transportEnded(failure)
    }

    private static func describe(_ error: any Error) -> String {
        switch error {
        case let failure as NIOConnectionError:
            let causes = failure.connectionErrors.map { describe($0.error) }
            return causes.first ?? "\(failure.host) cannot be resolved"
        case is ChannelError: return "no answer to the TCP connection in time"
        case let failure as IOError:
            return strerror(failure.errnoCode).map { String(cString: $0) } ?? failure.description
        default: return String(describing: error)
        }
    }
}
