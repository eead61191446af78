import Foundation

/// Scheme, host, port and path of an address.
struct ServerAddress: Hashable, Sendable {
    let scheme: String
    let host: String
    let port: Int?
    let path: String
    let user: String?
    let password: String?

    /// Reads `https://host:6443/path`; an address without scheme is taken for `https`, as `host:6443` in kubeconfigs.
    init?(_ text: String) {
        let whole = text.contains("://") ? text : "https://\(text)"
        guard let parts = URLComponents(string: whole), let scheme = parts.scheme?.lowercased(), let host = parts.host,
            !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port
        path = parts.path
        user = parts.user
        password = parts.password
    }
}
