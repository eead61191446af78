internal import CLibSSH2
internal import FleetModel

/// What known_hosts says about one host: which key types to ask for, and whether a shown key is its own.
struct HostKeyCheck: Sendable {
    private let address: String
    private let port: Int
    private let lines: [KnownHostsLine]
    private let files: [String]
    private let library: String

    /// Looks a host up once, for one connection.
    init(address: String, port: Int, index: KnownHostsIndex, files: [String], library: String) {
        self.address = address
        self.port = port
        self.files = files
        self.library = library
        lines = index.lines(for: address, port: port)
    }

    /// What is to be done with the key that the host showed.
    enum Verdict: Sendable, Equatable {
        case trusted
        /// `accept-new` may append this line and go on.
        case unknown(line: String, HostRefusal)
        case refused(HostRefusal)
    }

    /// The algorithms that this libssh2 can ask for, best first; SHA-1 signatures are not asked for.
    static let algorithms = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512",
        "rsa-sha2-256",
    ]

    /// Whether this libssh2 can use a host key algorithm; 1.10 has no RSA but with SHA-1.
    static func isUsable(_ algorithm: String) -> Bool {
        let hasRSA = libssh2_version(0x010B00) != nil
        return algorithms.contains(algorithm) && (hasRSA || !algorithm.hasPrefix("rsa-"))
    }

    /// The preference for the negotiation: the types known for the host first, then everything acceptable.
    var preference: String {
        guard let first = lines.first else { return Self.everything }
        if lines.count == 1 {
            return first.marker == nil ? Self.preferences[first.key.type] ?? Self.everything : Self.everything
        }
        return Self.preference(Set(lines.filter { $0.marker == nil }.map(\.key.type)))
    }

    private static func preference(_ known: Set<String>) -> String {
        let isKnown = { (name: String) in known.contains(name.hasPrefix("rsa-") ? "ssh-rsa" : name) }
        return (algorithms.filter(isKnown) + algorithms.filter { !isKnown($0) }).joined(separator: ",")
    }

    /// For hosts of which one key is known, which are most.
    private static let preferences = Dictionary(
        uniqueKeysWithValues: (algorithms.filter { !$0.hasPrefix("rsa-") } + ["ssh-rsa"]).map { ($0, preference([$0])) }
    )
    private static let everything = algorithms.joined(separator: ",")

    /// Judges a key.
    func judge(_ key: HostKey) -> Verdict {
        if let line = lines.first(where: { $0.marker == .revoked && $0.key == key }) {
            return .refused(HostRefusal(.hostKeyRevoked, revoked(key, line)))
        }
        let plain = lines.filter { $0.marker == nil }
        if plain.contains(where: { $0.key == key }) { return .trusted }
        if let line = plain.first(where: { $0.key.type == key.type }) {
            return .refused(HostRefusal(.hostKeyChanged, changed(key, line)))
        }
        if let line = plain.first { return .refused(HostRefusal(.hostKeyUnknown, otherType(key, line))) }
        if let line = lines.first(where: { $0.marker == .authority }) {
            return .refused(HostRefusal(.hostKeyUnsupported, authority(key, line)))
        }
        return .unknown(line: newLine(key), HostRefusal(.hostKeyUnknown, unknown(key)))
    }

    /// The words for a host whose key algorithms this libssh2 cannot use.
    func unsupported(offered: [String]) -> HostRefusal {
        let list = offered.joined(separator: ", ")
        return HostRefusal(
            .hostKeyUnsupported,
            "\(host) offers only host keys for \(list), which libssh2 \(library) cannot use; give the host an ed25519 "
                + "or ecdsa host key (ssh-keygen -A), or use libssh2 1.11")
    }

    private var host: String { KnownHostsIndex.name(of: address, port: port) }

    private func newLine(_ key: HostKey) -> String { "\(host) \(key.text)" }

    private func unknown(_ key: HostKey) -> String {
        let file = files.last ?? "a known_hosts file"
        return "\(host) shows the \(key.type) key \(key.fingerprint), which no known_hosts line names "
            + "(read: \(files.isEmpty ? "no file" : files.joined(separator: ", "))); if it is right, add to \(file): "
            + newLine(key)
    }

    private func changed(_ key: HostKey, _ line: KnownHostsLine) -> String {
        "\(host) shows the \(key.type) key \(key.fingerprint), but \(line.place) has \(line.key.fingerprint); nothing "
            + "was sent: find out why the key changed, then replace that line"
    }

    private func otherType(_ key: HostKey, _ line: KnownHostsLine) -> String {
        "\(host) is known by the \(line.key.type) key \(line.key.fingerprint) (\(line.place)), but libssh2 \(library) "
            + "and the host agreed on \(key.type) \(key.fingerprint), which no line names; if it is right, add: "
            + newLine(key)
    }

    private func revoked(_ key: HostKey, _ line: KnownHostsLine) -> String {
        "\(host) shows the \(key.type) key \(key.fingerprint), which \(line.place) revokes; give the host a new key"
    }

    private func authority(_ key: HostKey, _ line: KnownHostsLine) -> String {
        "\(host) is known only through the certificate authority of \(line.place), and libssh2 \(library) cannot check "
            + "host certificates; if \(key.fingerprint) is right, add its plain key: \(newLine(key))"
    }
}
