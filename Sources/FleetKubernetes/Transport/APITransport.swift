import AsyncHTTPClient
import FleetModel
import FleetWire
import Foundation
import Logging
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Sends requests to one cluster as one user, with fresh credentials.
actor APITransport {
    let connection: ClusterConnection
    let options: ClientOptions
    private let credentials: CredentialSource
    private let logger: Logger
    private var clients: (identity: TLSIdentity, pools: HTTPClients)?
    /// Whether the server may send lists as the beginning of a watch; false once it said that it does not.
    private(set) var streamsLists = true
    /// Whether it is over: a watch that goes on meanwhile must not open connections that nobody closes.
    private var isShutDown = false
    /// The pools of the last identity: requests under way end in peace before the next change ends them.
    private var retired: HTTPClients?

    init(connection: ClusterConnection, options: ClientOptions, runner: ExecRunner, logger: Logger) {
        self.connection = connection
        self.options = options
        self.logger = logger
        credentials = CredentialSource(
            connection: connection, runner: runner, reloadInterval: options.credentialReload)
    }

    func shutdown() async {
        isShutDown = true
        let all = [clients?.pools, retired].compactMap { $0 }
        clients = nil
        retired = nil
        for pools in all { await pools.shutdown() }
    }

    /// The body of a successful answer.
    func send(_ request: APIRequest, subject: String) async throws(ClusterFailure) -> [UInt8] {
        let isRead = request.method == .get
        let timeout = isRead ? options.readTimeout : options.writeTimeout
        let response = try await open(request, subject: subject, timeout: timeout, isWatch: false)
        let body = try await collect(response, subject: subject)
        if (200..<300).contains(response.status.code) { return body }
        throw failure(response, body, subject)
    }

    /// A stream whose head said 200.
    func stream(
        _ request: APIRequest, subject: String, timeout: Duration? = nil
    ) async throws(ClusterFailure) -> HTTPClientResponse {
        let response = try await open(
            request, subject: subject, timeout: timeout ?? options.watchSilence, isWatch: true)
        if response.status == .ok { return response }
        throw failure(response, try await collect(response, subject: subject), subject)
    }

    /// Notes that the server sends no lists as the beginning of a watch.
    func stopStreamingLists() {
        if streamsLists { logger.info("the API server streams no lists: they are read page by page") }
        streamsLists = false
    }

    nonisolated func lost(_ error: any Error, subject: String) -> ClusterFailure {
        TransportFailure(connection: connection).failure(error, subject: subject)
    }

    // MARK: One exchange

    /// A 401 surely did not land: a credential that can be renewed is, and the request is sent once more.
    private func open(
        _ request: APIRequest, subject: String, timeout: Duration, isWatch: Bool
    ) async throws(ClusterFailure) -> HTTPClientResponse {
        let credential = try await credentials.current()
        let response = try await exchange(request, credential, subject, timeout, isWatch)
        guard response.status == .unauthorized, let renewed = try await credentials.replacement(for: credential) else {
            return response
        }
        logger.info("credentials renewed after a 401", metadata: ["user": "\(connection.user)"])
        return try await exchange(request, renewed, subject, timeout, isWatch)
    }

    private func exchange(
        _ request: APIRequest, _ credential: Credential, _ subject: String, _ timeout: Duration, _ isWatch: Bool
    ) async throws(ClusterFailure) -> HTTPClientResponse {
        let pools = try await pools(for: credential.identity)
        let outgoing = outgoing(request, credential)
        do {
            let client = isWatch ? pools.watches : pools.requests
            return try await client.execute(outgoing, timeout: TimeAmount(timeout))
        } catch {
            throw lost(error, subject: subject)
        }
    }

    private func pools(for identity: TLSIdentity) async throws(ClusterFailure) -> HTTPClients {
        guard !isShutDown else { throw ClusterFailure(.connectionLost, message: "the client is shut down") }
        if let clients, clients.identity == identity { return clients.pools }
        let pools = try HTTPClients(connection, identity, options)
        let (old, older) = (clients?.pools, retired)
        clients = (identity, pools)
        retired = old
        await older?.shutdown()
        return pools
    }

    private func outgoing(_ request: APIRequest, _ credential: Credential) -> HTTPClientRequest {
        let host = connection.tlsServerName ?? connection.host
        let authority = (host.contains(":") ? "[\(host)]" : host) + ":\(connection.port)"
        let scheme = connection.isTLS ? "https" : "http"
        var result = HTTPClientRequest(url: "\(scheme)://\(authority)\(connection.basePath)\(target(request))")
        result.method = HTTPMethod(rawValue: request.method.rawValue)
        result.headers.add(name: "Accept", value: "application/json")
        result.headers.add(name: "User-Agent", value: options.userAgent)
        if connection.tlsServerName != nil {
            let real = connection.host.contains(":") ? "[\(connection.host)]" : connection.host
            result.headers.add(name: "Host", value: "\(real):\(connection.port)")
        }
        if let authorization = credential.authorization {
            result.headers.add(name: "Authorization", value: authorization.text)
        }
        result.headers.add(contentsOf: HTTPHeaders(connection.impersonation))
        if let body = request.body {
            result.headers.add(name: "Content-Type", value: request.contentType ?? "application/json")
            result.body = .bytes(body.serialized)
        }
        return result
    }

    /// Only the query form marks admission as dry-run (semantics 1.4).
    ///
    /// Reviews create nothing.
    private func target(_ request: APIRequest) -> String {
        guard options.isDryRun, request.method != .get, !request.path.hasSuffix("reviews") else {
            return request.target
        }
        var request = request
        request.query.append((name: "dryRun", value: "All"))
        return request.target
    }

    // MARK: Answers

    private func collect(_ response: HTTPClientResponse, subject: String) async throws(ClusterFailure) -> [UInt8] {
        do {
            let buffer = try await response.body.collect(upTo: 1 << 31)
            return Array(buffer.readableBytesView)
        } catch {
            throw lost(error, subject: subject)
        }
    }

    private func failure(_ response: HTTPClientResponse, _ body: [UInt8], _ subject: String) -> ClusterFailure {
        let retry = response.headers.first(name: "Retry-After").flatMap { Int64($0) }
        var failure = ClusterFailure(
            status: Int(response.status.code), body: body, retryAfterSeconds: retry, subject: subject)
        if failure.code == .unauthorized { failure.message += " (\(connection.refusedCredentials))" }
        return failure
    }
}

extension HTTPHeaders {
    /// The `Impersonate-*` headers.
    fileprivate init(_ impersonation: ClusterConnection.Impersonation) {
        self.init()
        if !impersonation.user.isEmpty { add(name: "Impersonate-User", value: impersonation.user) }
        if !impersonation.uid.isEmpty { add(name: "Impersonate-Uid", value: impersonation.uid) }
        for group in impersonation.groups { add(name: "Impersonate-Group", value: group) }
        for (key, values) in impersonation.extra.sorted(by: { $0.key < $1.key }) {
            for value in values { add(name: "Impersonate-Extra-\(APIRequest.escape(key))", value: value) }
        }
    }
}

extension ClusterConnection {
    /// Whose credentials were refused, and whether they have visibly expired.
    var refusedCredentials: String {
        let who = "user \"\(user)\" of context \"\(context)\""
        guard case .token(let token) = authentication, let expiry = Self.expiry(ofToken: token.text) else {
            return "the credentials of \(who) were refused"
        }
        let now = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let expired = expiry <= now ? "expired at" : "is good until"
        return "the token of \(who) \(expired) \(Timestamp.text(expiry))"
    }

    /// The `exp` of a JSON web token; nil for other tokens.
    private static func expiry(ofToken token: String) -> Instant? {
        let parts = token.split(separator: ".")
        guard parts.count == 3 else { return nil }
        var text = parts[1].replacing("-", with: "+").replacing("_", with: "/")
        text += String(repeating: "=", count: (4 - text.count % 4) % 4)
        guard let data = Data(base64Encoded: String(text)), let claims = try? JSONValue(parsing: data) else {
            return nil
        }
        return claims["exp"].int64.map(Instant.init(seconds:))
    }
}
