internal import Foundation

/// One usable line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
struct KnownHostsLine: Sendable {
    /// What `@…` before the names says.
    enum Marker: String, Sendable {
        case revoked = "@revoked"
        case authority = "@cert-authority"
    }

    /// Which hosts the line is about.
    enum Names: Sendable {
        /// Plain names, lower-cased, each `host` or `[host]:port`.
        case exact([String])
        /// Names of which at least one has `*`, `?` or `!`.
        case patterns([HostPattern])
        /// `|1|salt|hash` of one name.
        case hashed(salt: [UInt8], hash: [UInt8])
    }

    var marker: Marker?
    var names: Names
    var key: HostKey
    var file: String
    var number: Int

    /// `file:line`, for messages.
    var place: String { "\(file):\(number)" }

    /// What a line turned out to be.
    enum Reading {
        case blank
        case line(KnownHostsLine)
        case malformed(String)
    }

    /// Reads one line; a malformed one says why.
    static func read(_ text: Substring, file: String, number: Int) -> Reading {
        var words = text.utf8.split(maxSplits: 4, whereSeparator: { $0 == 32 || $0 == 9 || $0 == 13 }).map {
            Substring($0)
        }[...]
        guard let first = words.first, !first.hasPrefix("#") else { return .blank }
        var marker: Marker?
        if first.hasPrefix("@") {
            guard let known = Marker(rawValue: String(first)) else { return .malformed("unknown marker \(first)") }
            marker = known
            words.removeFirst()
        }
        guard words.count >= 3 else { return .malformed("needs names, key type and key") }
        let (hosts, type, base64) = (words[words.startIndex], words[words.startIndex + 1], words[words.startIndex + 2])
        guard let blob = Data(base64Encoded: String(base64)) else { return .malformed("the key is not base64") }
        let key = HostKey(blob: Array(blob))
        guard key.type == type else { return .malformed("the key is not of the type \(type) that the line says") }
        guard let names = Names(hosts) else { return .malformed("the hashed name cannot be read") }
        return .line(KnownHostsLine(marker: marker, names: names, key: key, file: file, number: number))
    }
}

extension KnownHostsLine.Names {
    /// The names field of a line; nil for a hash that is none.
    init?(_ field: Substring) {
        if field.hasPrefix("|1|") {
            let parts = field.dropFirst(3).split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count == 2, let salt = Data(base64Encoded: String(parts[0])),
                let hash = Data(base64Encoded: String(parts[1])), hash.count == 20
            else { return nil }
            self = .hashed(salt: Array(salt), hash: Array(hash))
            return
        }
        if field.hasPrefix("|") { return nil }
        let names = field.utf8.split(separator: 44).map { Substring($0).lowercased() }
        let isPlain = !field.utf8.contains { $0 == 42 || $0 == 63 || $0 == 33 }
        self = isPlain ? .exact(names) : .patterns(names.map(HostPattern.init))
    }
}
