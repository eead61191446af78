import Foundation

/// Which proxy stands before a server: the cluster's `proxy-url`, else the environment's (`golang.org/x/net/http/httpproxy`).
struct ProxyChoice {
    let environment: [String: String]

    func proxy(
        for connection: ClusterConnection, configured: String?, place: String
    ) throws(KubeconfigError) -> ClusterConnection.Proxy? {
        if let configured { return try parse(configured, "\(place): proxy-url") }
        let name = connection.isTLS ? "HTTPS_PROXY" : "HTTP_PROXY"
        guard let text = environment[name] ?? environment[name.lowercased()], !text.isEmpty,
            !isExempt(connection.host, connection.port)
        else { return nil }
        return try parse(text, "$\(name)")
    }

    private func parse(_ text: String, _ place: String) throws(KubeconfigError) -> ClusterConnection.Proxy {
        guard let address = ServerAddress(text.contains("://") ? text : "http://\(text)") else {
            throw KubeconfigError("\(place) is no address of a proxy")
        }
        switch address.scheme {
        case "http":
            return ClusterConnection.Proxy(
                scheme: .http, host: address.host, port: address.port ?? 80, user: address.user,
                password: address.password.map(Secret.init))
        case "socks5", "socks5h":
            guard address.user == nil else { throw KubeconfigError("\(place): SOCKS with a password is not supported") }
            return ClusterConnection.Proxy(scheme: .socks5, host: address.host, port: address.port ?? 1080)
        default: throw KubeconfigError("\(place): \(address.scheme) is not supported; http and socks5 are")
        }
    }

    /// `NO_PROXY`: names with their subdomains, `.suffix`, addresses, CIDR blocks, `*`; loopback always.
    private func isExempt(_ host: String, _ port: Int) -> Bool {
        if host == "localhost" || host.hasPrefix("127.") || host == "::1" { return true }
        let list = environment["NO_PROXY"] ?? environment["no_proxy"] ?? ""
        return list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.contains { entry in
            matches(entry, host, port)
        }
    }

    private func matches(_ entry: String, _ host: String, _ port: Int) -> Bool {
        if entry == "*" { return true }
        if entry.contains("/") { return IPv4Block(entry)?.contains(host) ?? false }
        var name = entry.lowercased()
        if let colon = name.lastIndex(of: ":"), let number = Int(name[name.index(after: colon)...]) {
            guard number == port else { return false }
            name = String(name[..<colon])
        }
        let host = host.lowercased()
        if name.hasPrefix("*.") { name.removeFirst() }
        return name.hasPrefix(".") ? host.hasSuffix(name) : host == name || host.hasSuffix(".\(name)")
    }
}

/// A CIDR block such as `10.0.0.0/8`.
private struct IPv4Block {
    let base: UInt32
    let mask: UInt32

    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let base = Self.address(parts[0]), let bits = Int(parts[1]), (0...32).contains(bits)
        else { return nil }
        mask = bits == 0 ? 0 : ~0 << UInt32(32 - bits)
        self.base = base & mask
    }

    func contains(_ host: String) -> Bool { Self.address(host[...]).map { $0 & mask == base } ?? false }

    private static func address(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4, !parts.contains(nil) else { return nil }
        return parts.reduce(0) { $0 << 8 | UInt32($1 ?? 0) }
    }
}
