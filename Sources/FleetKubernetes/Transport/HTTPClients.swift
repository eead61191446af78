import AsyncHTTPClient
import FleetModel
import NIOCore
import NIOPosix
import NIOSSL

/// The two pools of connections that one TLS identity has: watches stay apart from requests, so that a dozen of streams
/// never starves an eviction.
struct HTTPClients: Sendable {
    let requests: HTTPClient
    let watches: HTTPClient

    init(_ connection: ClusterConnection, _ identity: TLSIdentity, _ options: ClientOptions) throws(ClusterFailure) {
        let tls = connection.isTLS ? try Self.tls(connection, identity) : nil
        requests = Self.client(
            connection, tls, options, silence: options.readTimeout, limit: options.concurrentRequests)
        watches = Self.client(connection, tls, options, silence: options.watchSilence, limit: 32)
    }

    func shutdown() async {
        try? await requests.shutdown()
        try? await watches.shutdown()
    }

    private static func client(
        _ connection: ClusterConnection, _ tls: TLSConfiguration?, _ options: ClientOptions, silence: Duration,
        limit: Int
    ) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = tls
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = TimeAmount(options.connectTimeout)
        configuration.timeout.read = TimeAmount(silence)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = limit
        // A refused connection is answered at once: retries are this client's own business.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let name = connection.tlsServerName { configuration.dnsOverride = [name: connection.host] }
        configuration.proxy = connection.proxy.map(Self.proxy)
        return HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }

    private static func proxy(_ proxy: ClusterConnection.Proxy) -> HTTPClient.Configuration.Proxy {
        switch proxy.scheme {
        case .socks5: return .socksServer(host: proxy.host, port: proxy.port)
        case .http:
            guard let user = proxy.user else { return .server(host: proxy.host, port: proxy.port) }
            let login = HTTPClient.Authorization.basic(username: user, password: proxy.password?.text ?? "")
            return .server(host: proxy.host, port: proxy.port, authorization: login)
        }
    }

    private static func tls(
        _ connection: ClusterConnection, _ identity: TLSIdentity
    ) throws(ClusterFailure) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if connection.isInsecure { configuration.certificateVerification = .none }
        if let authorities = identity.authorities {
            configuration.trustRoots = .certificates(try certificates(authorities, "certificate authority", connection))
        }
        guard let certificate = identity.certificate, let key = identity.key else { return configuration }
        let chain = try certificates(certificate, "client certificate", connection)
        configuration.certificateChain = chain.map { .certificate($0) }
        do {
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.text.utf8), format: .pem))
        } catch {
            throw ClusterFailure(.credentials, message: "user \"\(connection.user)\": the client key is no PEM key")
        }
        return configuration
    }

    private static func certificates(
        _ pem: Secret, _ what: String, _ connection: ClusterConnection
    ) throws(ClusterFailure) -> [NIOSSLCertificate] {
        let owner = what == "client certificate" ? "user \"\(connection.user)\"" : "cluster \"\(connection.cluster)\""
        let found = (try? NIOSSLCertificate.fromPEMBytes(Array(pem.text.utf8))) ?? []
        guard !found.isEmpty else {
            throw ClusterFailure(.credentials, message: "\(owner): the \(what) holds no PEM certificate")
        }
        return found
    }
}
