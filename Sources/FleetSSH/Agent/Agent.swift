internal import FleetModel
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix

/// The user's ssh-agent, asked over one connection, one question after the other; shared by all event loops.
///
/// The library's own agent code blocks, and spins when the agent goes away.
final class Agent: Sendable {
    /// Why the agent gave no answer.
    struct Failure: Error, Sendable { var words: String }

    private let socket: String
    private let line: NIOLoopBound<AgentLine>
    private let listed = NIOLockedValueBox<Task<Result<[AgentKey], Failure>, Never>?>(nil)

    /// An agent behind a socket, asked from an event loop; must be made on that loop.
    init(socket: String, loop: any EventLoop) {
        self.socket = socket
        line = NIOLoopBound(AgentLine(socket: socket, loop: loop), eventLoop: loop)
    }

    /// The keys it holds, asked for once.
    func keys() async -> Result<[AgentKey], Failure> {
        let task = listed.withLockedValue { listed in
            let task = listed ?? Task { await self.list() }
            listed = task
            return task
        }
        return await task.value
    }

    /// A signature, told on the event loop of whoever wants it; nil when the agent refuses or is gone.
    func sign(
        _ message: [UInt8], with key: AgentKey, on loop: any EventLoop, then told: @escaping ([UInt8]?) -> Void
    ) {
        let told = NIOLoopBound(told, eventLoop: loop)
        ask(AgentMessage.sign(message, with: key)) { answer in
            let signature = (try? answer.get()).flatMap { AgentMessage.signature(in: $0) }
            loop.execute { told.value(signature) }
        }
    }

    /// Hangs up.
    func close() {
        line.eventLoop.execute { [line] in line.value.close() }
    }

    private func list() async -> Result<[AgentKey], Failure> {
        let answer = await withCheckedContinuation { continuation in
            ask(AgentMessage.list) { continuation.resume(returning: $0) }
        }
        return answer.flatMap { bytes in
            guard let keys = AgentMessage.keys(in: bytes) else {
                return .failure(Failure(words: "the ssh-agent at \(socket) lists no keys"))
            }
            return .success(keys)
        }
    }

    private func ask(_ question: [UInt8], _ told: @escaping @Sendable (Result<[UInt8], Failure>) -> Void) {
        line.eventLoop.execute { [line] in line.value.ask(question, told) }
    }
}

/// The connection to an agent; confined to its event loop.
final class AgentLine {
    private typealias Told = @Sendable (Result<[UInt8], Agent.Failure>) -> Void
    private struct Question {
        var bytes: [UInt8]
        var told: Told
    }

    private let socket: String
    private let loop: any EventLoop
    private var waiting = CircularBuffer<Question>()
    private var asked: Question?
    private var channel: (any Channel)?
    private var isConnecting = false
    private var deadline: Scheduled<Void>?

    /// An agent may ask its owner, who needs a while.
    private static let answerSeconds: Int64 = 60

    init(socket: String, loop: any EventLoop) {
        self.socket = socket
        self.loop = loop
    }

    func ask(_ bytes: [UInt8], _ told: @escaping @Sendable (Result<[UInt8], Agent.Failure>) -> Void) {
        waiting.append(Question(bytes: bytes, told: told))
        next()
    }

    func close() {
        if let channel { ended("fleet is closing its connections", on: channel) }
    }

    fileprivate func answered(_ bytes: [UInt8]) {
        deadline?.cancel()
        let question = asked
        asked = nil
        question?.told(.success(bytes))
        next()
    }

    /// The connection is gone: what was asked has no answer; what waits is asked over a new one.
    fileprivate func ended(_ words: String, on channel: any Channel) {
        channel.close(promise: nil)
        guard channel === self.channel else { return }
        deadline?.cancel()
        self.channel = nil
        guard let question = asked else { return }
        asked = nil
        question.told(.failure(Agent.Failure(words: "the ssh-agent at \(socket): \(words)")))
        next()
    }

    private func next() {
        guard asked == nil, !waiting.isEmpty, !isConnecting else { return }
        guard let channel else { return connect() }
        let question = waiting.removeFirst()
        asked = question
        var buffer = channel.allocator.buffer(capacity: question.bytes.count + 4)
        buffer.writeInteger(UInt32(question.bytes.count))
        buffer.writeBytes(question.bytes)
        channel.writeAndFlush(buffer, promise: nil)
        deadline = loop.assumeIsolated().scheduleTask(in: .seconds(Self.answerSeconds)) { [self] in
            ended("no answer within \(Self.answerSeconds) s", on: channel)
        }
    }

    private func connect() {
        isConnecting = true
        let bound = NIOLoopBound(self, eventLoop: loop)
        let future = ClientBootstrap(group: loop).connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AgentFrames(line: bound.value))
                }
            }
            .connect(unixDomainSocketPath: socket)
        future.assumeIsolated().whenComplete { [self] result in
            isConnecting = false
            switch result {
            case .success(let channel):
                self.channel = channel
                next()
            case .failure(let error):
                let failure = Agent.Failure(words: "the ssh-agent at \(socket) cannot be reached: \(error)")
                let questions = waiting
                waiting.removeAll()
                questions.forEach { $0.told(.failure(failure)) }
            }
        }
    }
}

/// Cuts an agent's answers out of its stream: four bytes of length, then so many.
private final class AgentFrames: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private weak var line: AgentLine?
    private var received = ByteBuffer()

    private static let longest = 1 << 20

    init(line: AgentLine) { self.line = line }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        while let length = received.getInteger(at: received.readerIndex, as: UInt32.self) {
            guard length <= Self.longest else { return context.close(promise: nil) }
            guard received.readableBytes >= Int(length) + 4 else { return }
            received.moveReaderIndex(forwardBy: 4)
            line?.answered(received.readBytes(length: Int(length)) ?? [])
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        line?.ended("it closed the connection", on: context.channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
