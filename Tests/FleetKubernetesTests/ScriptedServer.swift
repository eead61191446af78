import FleetWire
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A request as the server saw it.
struct SeenRequest: Sendable {
    let method: String
    let target: String
    let headers: [String: String]
    let body: String
    /// The common name of the client's certificate; empty without one.
    let clientCertificate: String

    var path: String { String(target.prefix { $0 != "?" }) }

    func query(_ name: String) -> String? {
        let items = target.split(separator: "?", maxSplits: 1).dropFirst().first?.split(separator: "&") ?? []
        return items.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// A watch that goes on from a version.
    var isWatch: Bool { query("watch") == "1" && !isStream }
    /// A watch that begins with the state: a streaming list.
    var isStream: Bool { query("sendInitialEvents") == "true" }
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
}

/// What the server does with a request, step by step.
enum Step: Sendable {
    case head(Int, [String: String])
    case chunk(String)
    case wait(Duration)
    /// Ends the answer properly.
    case end
    /// Says nothing more, and keeps the connection.
    case hang
    /// Closes the connection.
    case abort
}

typealias Script = [Step]

extension Script {
    static func json(_ body: JSONValue) -> Script { json(200, body) }

    static func json(_ status: Int, _ body: JSONValue, _ headers: [String: String] = [:]) -> Script {
        let headers = headers.merging(["Content-Type": "application/json"]) { own, _ in own }
        return [.head(status, headers), .chunk(body.description), .end]
    }

    static func text(_ status: Int, _ body: String, _ headers: [String: String] = [:]) -> Script {
        [.head(status, headers.merging(["Content-Type": "text/plain"]) { own, _ in own }), .chunk(body), .end]
    }

    static func status(
        _ code: Int, _ reason: String, _ message: String, _ details: Status.Details? = nil,
        headers: [String: String] = [:]
    ) -> Script {
        .json(code, Status(message: message, reason: reason, details: details, code: code).json, headers)
    }

    /// A watch that sends events, then does `ending`.
    static func watch(_ events: [JSONValue], then ending: [Step]) -> Script {
        [.head(200, ["Content-Type": "application/json"])] + events.map { .chunk("\($0)\n") } + ending
    }
}

/// An HTTP/1.1 server on a loopback port that answers as it is told.
final class ScriptedServer: Sendable {
    typealias Respond = @Sendable (SeenRequest) -> Script

    let port: Int
    private let channel: any Channel
    private let seen = NIOLockedValueBox<[SeenRequest]>([])

    private init(channel: any Channel, port: Int) {
        self.channel = channel
        self.port = port
    }

    var requests: [SeenRequest] { seen.withLockedValue { $0 } }

    /// Runs a server while the body runs.
    static func run<Result: Sendable>(
        tls: TLSConfiguration? = nil, _ respond: @escaping Respond,
        _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let box = NIOLockedValueBox<ScriptedServer?>(nil)
        let record = SeenBox()
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(record: record, respond: respond))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel: channel, port: channel.localAddress?.port ?? 0)
        record.sink.withLockedValue { sink in sink = { request in server.seen.withLockedValue { $0.append(request) } } }
        box.withLockedValue { $0 = server }
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }
}

final class SeenBox: Sendable {
    let sink = NIOLockedValueBox<@Sendable (SeenRequest) -> Void>({ _ in })
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let record: SeenBox
    private let respond: ScriptedServer.Respond
    private var head: HTTPRequestHead?
    private var body = ""

    init(record: SeenBox, respond: @escaping ScriptedServer.Respond) {
        self.record = record
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ""
        case .body(let buffer): body += String(buffer: buffer)
        case .end:
            guard let head else { return }
            let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0),\($1)" }
            let request = SeenRequest(
                method: head.method.rawValue, target: head.uri, headers: headers, body: body,
                clientCertificate: Self.peer(context))
            record.sink.withLockedValue { $0 }(request)
            run(respond(request)[...], context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private static func peer(_ context: ChannelHandlerContext) -> String {
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
        guard let certificate = handler?.peerCertificate else { return "" }
        return certificate.description
    }

    private func run(_ steps: ArraySlice<Step>, _ context: ChannelHandlerContext) {
        var steps = steps
        while let step = steps.popFirst() {
            switch step {
            case .head(let status, let headers):
                let head = HTTPResponseHead(
                    version: .http1_1, status: .init(statusCode: status), headers: HTTPHeaders(Array(headers)))
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            case .chunk(let text):
                context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            case .end: context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .hang: return
            case .abort:
                context.close(promise: nil)
                return
            case .wait(let duration):
                let rest = steps
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                context.eventLoop.scheduleTask(in: TimeAmount(duration)) { bound.value.0.run(rest, bound.value.1) }
                return
            }
        }
    }
}
