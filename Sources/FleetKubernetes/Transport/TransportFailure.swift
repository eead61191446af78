import AsyncHTTPClient
import FleetModel
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Why no answer came: whether the request may have landed, and the system's own words.
struct TransportFailure {
    let connection: ClusterConnection

    func failure(_ error: any Error, subject: String) -> ClusterFailure {
        let (code, words) = classify(error)
        let place =
            code == .connectionLost || code == .timedOut ? "the API server at" : "cannot reach the API server at"
        return ClusterFailure(code, subject: subject, message: "\(place) \(connection.server): \(words)")
    }

    private func classify(_ error: any Error) -> (ClusterFailure.Code, String) {
        switch error {
        case let error as HTTPClientError: classify(error)
        case let error as NIOConnectionError: (.unreachable, words(error))
        case let error as IOError: classify(error)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: classifyTLS(error)
        case is ChannelError: (.unreachable, "no connection within the time allowed")
        case is CancellationError: (.connectionLost, "cancelled")
        default: (.connectionLost, "\(error)")
        }
    }

    /// These come from connecting; what breaks an established connection has other numbers.
    private func classify(_ error: IOError) -> (ClusterFailure.Code, String) {
        let connecting = [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL].contains(error.errnoCode)
        guard connecting else { return (.connectionLost, "the connection broke: \(Self.reason(error))") }
        return (.unreachable, throughProxy + Self.reason(error))
    }

    private func classify(_ error: HTTPClientError) -> (ClusterFailure.Code, String) {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout: (.unreachable, "no connection within the time allowed")
        case .tlsHandshakeTimeout: (.unreachable, "the TLS handshake did not end within the time allowed")
        case .socksHandshakeTimeout, .httpProxyHandshakeTimeout:
            (.unreachable, "the proxy \(proxy) did not answer within the time allowed")
        case .proxyAuthenticationRequired: (.unreachable, "the proxy \(proxy) demands a login")
        case .invalidProxyResponse: (.unreachable, "the proxy \(proxy) gave an answer that is none")
        case .readTimeout, .deadlineExceeded, .writeTimeout: (.timedOut, "no answer within the time allowed")
        case .remoteConnectionClosed, .uncleanShutdown: (.connectionLost, "the server closed the connection")
        // The description would quote header fields, and with them the token.
        default: (.connectionLost, error.shortDescription)
        }
    }

    private func classifyTLS(_ error: any Error) -> (ClusterFailure.Code, String) {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return (.unreachable, "its certificate is not trusted: \(Self.openSSLWords(text))")
        }
        if text.contains("failedToValidateHostname") {
            return (
                .unreachable, "its certificate is for another name than \(connection.tlsServerName ?? connection.host)"
            )
        }
        if text.contains("alert") || text.contains("ALERT") {
            return (.unreachable, "the server refused the TLS handshake: \(Self.openSSLWords(text))")
        }
        if text.contains("uncleanShutdown") { return (.connectionLost, "the server closed the connection") }
        return (.unreachable, "TLS failed: \(Self.openSSLWords(text))")
    }

    private var throughProxy: String { connection.proxy == nil ? "" : "through the proxy \(proxy): " }

    private var proxy: String { connection.proxy.map { "\($0.host):\($0.port)" } ?? "" }

    private func words(_ error: NIOConnectionError) -> String {
        var reasons: [String] = []
        for single in error.connectionErrors {
            let reason = (single.error as? IOError).map(Self.reason) ?? "\(single.error)"
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        if reasons.isEmpty, error.dnsAError != nil || error.dnsAAAAError != nil {
            reasons.append("the name \(error.host) is not known")
        }
        return throughProxy + (reasons.isEmpty ? "no address" : reasons.joined(separator: "; "))
    }

    /// The system's words without the function that reported them.
    private static func reason(_ error: IOError) -> String {
        error.errnoCode == 0 ? "\(error)" : String(cString: strerror(error.errnoCode))
    }

    /// The part of BoringSSL's line that says what is wrong, such as `CERTIFICATE_VERIFY_FAILED`.
    private static func openSSLWords(_ text: String) -> String {
        let words = text.split(separator: ":").last {
            $0.contains("_") && $0.allSatisfy { $0.isUppercase || $0 == "_" || $0.isNumber }
        }
        return words.map { $0.lowercased().replacing("_", with: " ") } ?? text
    }
}
