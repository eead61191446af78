internal import NIOCore
internal import NIOPosix

/// A session's bytes through a `ProxyCommand`: the standard streams of a child process.
final class ProxyTransport: ChannelInboundHandler, Transport {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var user: (any TransportUser)?
    private var context: ChannelHandlerContext?
    private let process: ProxyProcess

    private init(process: ProxyProcess, user: any TransportUser) {
        self.process = process
        self.user = user
    }

    /// Starts the command, and tells the user; a failure is told too.
    static func connect(by command: String, on loop: any EventLoop, user: any TransportUser) {
        let process: ProxyProcess
        do { process = try ProxyProcess(command) } catch {
            let words = (error as? ProxyProcess.Failure)?.words ?? "\(error)"
            return user.transportEnded("the ProxyCommand cannot be started: \(words)")
        }
        let bound = NIOLoopBound(user, eventLoop: loop)
        let future = NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let transport = ProxyTransport(process: process, user: bound.value)
                    try channel.pipeline.syncOperations.addHandler(transport)
                }
            }
            .takingOwnershipOfDescriptors(input: process.output, output: process.input)
        future.assumeIsolated().whenFailure { error in
            process.end()
            user.transportEnded("the ProxyCommand's streams cannot be used: \(error)")
        }
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func send(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }

    func close() {
        user = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        process.end()
    }

    func channelActive(context: ChannelHandlerContext) { user?.transportConnected(self) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        user?.transportReceived(&bytes)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { user?.transportDrained() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The command's standard output has ended, whatever becomes of its input.
        if let event = event as? ChannelEvent, event == .inputClosed { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        let user = user
        self.user = nil
        user?.transportEnded("the ProxyCommand closed the connection")
    }
}
