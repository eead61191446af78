import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// A server on loopback that gives every request the same answer and remembers what it saw.
final class OneAnswerServer: Sendable {
    /// A request as it came.
    struct Seen: Equatable, Sendable {
        var method: String
        var target: String
        var authorization: String?
        var body: String
    }

    let url: String
    private let channel: any Channel
    private let log: Log

    var seen: [Seen] { log.requests.withLockedValue { $0 } }

    private final class Log: Sendable { let requests = NIOLockedValueBox<[Seen]>([]) }

    /// Answers; `missing` bytes of the body are announced and never come.
    init(_ status: Int, _ body: String, missing: Int = 0) async throws {
        let log = Log()
        self.log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answerer(status, body, missing, log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        url = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    func stop() async { try? await channel.close() }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let status: Int
        private let text: String
        private let missing: Int
        private let log: Log
        private var head: HTTPRequestHead?
        private var body = ByteBuffer()

        init(_ status: Int, _ text: String, _ missing: Int, _ log: Log) {
            self.status = status
            self.missing = missing
            self.text = text
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body(var part): body.writeBuffer(&part)
            case .end: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            if let head {
                let seen = Seen(
                    method: head.method.rawValue, target: head.uri, authorization: head.headers["Authorization"].first,
                    body: String(buffer: body))
                log.requests.withLockedValue { $0.append(seen) }
            }
            var headers = HTTPHeaders()
            headers.add(name: "Content-Length", value: "\(text.utf8.count + missing)")
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            guard missing == 0 else { return }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
