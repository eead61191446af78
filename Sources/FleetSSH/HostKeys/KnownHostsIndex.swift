internal import Crypto
internal import Foundation

/// The known_hosts files of an endpoint, read once and shared by every session.
///
/// A malformed line is warned about and passed over; it hides no other line.
struct KnownHostsIndex: Sendable {
    private var lines: [KnownHostsLine] = []
    private var exact: [String: [Int]] = [:]
    private var patterned: [Int] = []
    private var hashed: [Int] = []
    /// Malformed lines, each with its place and reason.
    private(set) var warnings: [String] = []

    /// An index of nothing.
    init() {}

    /// How many usable lines there are.
    var count: Int { lines.count }

    /// Adds the lines of a file's text.
    mutating func add(_ text: String, file: String) {
        // By bytes: "\r\n" is one Character, and a large file is read faster.
        for (offset, line) in text.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            switch KnownHostsLine.read(Substring(line), file: file, number: offset + 1) {
            case .blank: continue
            case .malformed(let reason): warnings.append("\(file):\(offset + 1): \(reason); the line is ignored")
            case .line(let line): add(line)
            }
        }
    }

    private mutating func add(_ line: KnownHostsLine) {
        let position = lines.count
        lines.append(line)
        switch line.names {
        case .exact(let names): for name in names { exact[name, default: []].append(position) }
        case .patterns: patterned.append(position)
        case .hashed: hashed.append(position)
        }
    }

    /// The lines about a host, in the order of the files; a port other than 22 is looked up as `[host]:port`.
    func lines(for address: String, port: Int) -> [KnownHostsLine] {
        let name = Self.name(of: address, port: port)
        var found = exact[name] ?? []
        found += patterned.filter { Self.matches(lines[$0].names, name) }
        found += hashed.filter { Self.matches(lines[$0].names, name) }
        return found.sorted().map { lines[$0] }
    }

    /// How known_hosts names a host.
    static func name(of address: String, port: Int) -> String {
        let host = address.lowercased()
        return port == 22 ? host : "[\(host)]:\(port)"
    }

    private static func matches(_ names: KnownHostsLine.Names, _ name: String) -> Bool {
        switch names {
        case .exact(let names): return names.contains(name)
        case .patterns(let patterns):
            let hits = patterns.filter { $0.matches(name) }
            return !hits.isEmpty && !hits.contains { $0.isNegated }
        case .hashed(let salt, let hash):
            let code = HMAC<Insecure.SHA1>.authenticationCode(for: Array(name.utf8), using: SymmetricKey(data: salt))
            return Array(code) == hash
        }
    }
}
