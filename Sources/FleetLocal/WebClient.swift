import AsyncHTTPClient
import FleetModel
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends single HTTP requests, and reads what a Prometheus server answers.
struct WebClient {
    /// A refused connection is answered at once; it lives as long as the process.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }()

    /// The token of a file cannot stand in a header; it is not told.
    private struct UnusableToken: Error {
        var path: String
    }

    private struct Answer {
        var status: Int
        var body: [UInt8]
    }

    func send(_ request: LocalRequest) async -> LocalReport {
        do {
            let answer = try await exchange(request, at: request.url)
            let code = "status \(answer.status)"
            if request.statuses.contains(answer.status) { return LocalReport(isSuccess: true, code: code) }
            return LocalReport(isSuccess: false, code: code, message: Self.words(answer.body, hiding: request.url))
        } catch {
            return failure(error, hiding: request.url)
        }
    }

    /// An instant query: the numbers of a vector or a scalar.
    func query(_ query: MetricQuery) async -> LocalReport {
        let allowed = CharacterSet.urlQueryAllowed.subtracting(CharacterSet(charactersIn: "&+=;#"))
        let expression = query.expression.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        let url = query.server.withText { text in
            SecretText("\(text.hasSuffix("/") ? String(text.dropLast()) : text)/api/v1/query?query=\(expression)")
        }
        let request = LocalRequest(
            url: url, bearerTokenFile: query.bearerTokenFile, timeoutSeconds: query.timeoutSeconds)
        do {
            let body = try await exchange(request, at: url).body
            return Prometheus.report(body, hiding: URLSecrets(query.server))
        } catch {
            return failure(error, hiding: query.server)
        }
    }

    private func exchange(_ request: LocalRequest, at url: SecretText) async throws -> Answer {
        var outgoing = url.withText { HTTPClientRequest(url: $0) }
        outgoing.method = .RAW(value: request.method)
        outgoing.headers.add(name: "Accept", value: "application/json, */*;q=0.5")
        outgoing.headers.add(name: "User-Agent", value: "fleet")
        if let path = request.bearerTokenFile {
            let token = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
            guard !token.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw UnusableToken(path: path) }
            outgoing.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        if let body = request.body {
            outgoing.headers.add(name: "Content-Type", value: "application/json")
            outgoing.body = .bytes(Array(body.utf8))
        }
        return try await answer(to: outgoing, within: request.timeoutSeconds)
    }

    /// The client's own deadline ends with the head of the answer; the body may stand still behind it.
    private func answer(to request: HTTPClientRequest, within seconds: Int64) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask {
                let response = try await Self.client.execute(request, timeout: .seconds(seconds))
                let body = try await response.body.collect(upTo: 1 << 20)
                return Answer(status: Int(response.status.code), body: Array(body.readableBytesView))
            }
            group.addTask {
                try await ContinuousClock().sleep(for: .seconds(seconds))
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    /// Secrets go before the text is cut: half a secret would not be found.
    private static func words(_ body: [UInt8], hiding url: SecretText) -> String {
        let text = URLSecrets(url).redacted(from: String(decoding: body.prefix(16_384), as: UTF8.self))
        return text.prefix(300).split(whereSeparator: \.isNewline).prefix(2).joined(separator: "; ")
    }

    private func failure(_ error: any Error, hiding url: SecretText) -> LocalReport {
        let (code, words): (String, String) =
            switch error {
            case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
                ("timed out", "no answer within the time allowed")
            case let error as HTTPClientError where error == .connectTimeout:
                ("never started", "no connection within the time allowed")
            case let error as IOError: ("never started", Self.reason(error))
            case let error as NIOConnectionError: ("never started", Self.reason(error))
            case let error as CocoaError: ("never started", error.localizedDescription)
            case let error as UnusableToken:
                ("never started", "the token file \(error.path) holds a line break or another control character inside")
            // The description would quote header fields, and with them the token.
            case let error as HTTPClientError: ("connection lost", error.shortDescription)
            default: ("connection lost", "\(error)")
            }
        return LocalReport(isSuccess: false, code: code, message: URLSecrets(url).redacted(from: words))
    }

    private static func reason(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)) }

    private static func reason(_ error: NIOConnectionError) -> String {
        let words = error.connectionErrors.map { ($0.error as? IOError).map(reason) ?? "\($0.error)" }
        if let first = words.first { return "\(error.host):\(error.port): \(first)" }
        return "\(error.host): the name cannot be resolved"
    }
}
