import FleetWire
import Hummingbird
import NIOCore

/// Between Hummingbird's requests and the API's.
enum HTTPAdapter {
    /// The largest body that is read, in bytes; the API server's own limit is 3 MiB.
    private static let largestBody = 3 << 20

    /// Answers a request.
    static func respond(to request: Request, _ api: SimulatedAPI) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: largestBody)
        guard let answer = await api.answer(translated(request, body)) else { return cut }
        return response(answer, method: request.method.rawValue)
    }

    private static func translated(_ request: Request, _ body: ByteBuffer) -> APIRequest {
        let authorization = request.headers[.authorization] ?? ""
        return APIRequest(
            method: request.method.rawValue, target: request.head.path ?? "/",
            accept: request.headers[.accept] ?? "application/json",
            contentType: request.headers[.contentType] ?? "", userAgent: request.headers[.userAgent] ?? "",
            token: authorization.hasPrefix("Bearer ") ? trimmed(authorization.dropFirst(7)) : nil,
            body: Array(body.readableBytesView))
    }

    private static func response(_ answer: APIAnswer, method: String) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = answer.contentType
        headers[.cacheControl] = "no-cache, private"
        for (name, value) in answer.headers {
            if let name = HTTPFields.Element.Name(name) { headers.append(.init(name: name, value: value)) }
        }
        let status = HTTPResponse.Status(code: answer.code)
        return Response(status: status, headers: headers, body: body(answer.body))
    }

    private static func body(_ body: APIAnswer.Body) -> ResponseBody {
        switch body {
        case .text(let text): ResponseBody(byteBuffer: ByteBuffer(string: text))
        case .bytes(let bytes): ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        case .json(let json): ResponseBody(byteBuffer: ByteBuffer(bytes: json.serialized + [UInt8(ascii: "\n")]))
        case .watch(let events):
            ResponseBody { writer in
                for await event in events {
                    try await writer.write(ByteBuffer(bytes: event.serialized + [UInt8(ascii: "\n")]))
                }
                try await writer.finish(nil)
            }
        }
    }

    /// Breaks the connection in the middle of an answer.
    private static var cut: Response {
        Response(status: .ok, body: ResponseBody(contentLength: 1) { _ in throw ConnectionCut() })
    }

    private struct ConnectionCut: Error {}
}
