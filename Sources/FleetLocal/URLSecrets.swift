import FleetModel
import Foundation

/// What of an address may be a secret, each part for itself: servers repeat paths and queries in their answers.
struct URLSecrets {
    private let secrets: [SecretText]

    /// What is shorter stands in any text, and keeps no secret.
    private static let shortest = 6

    /// The address, its user-info, its path and query and their parts, as written and percent-decoded.
    init(_ url: SecretText) {
        let texts = url.withText { text in [text] + Self.parts(of: text) }
        let long = Set(texts + texts.compactMap(\.removingPercentEncoding)).filter { $0.utf8.count >= Self.shortest }
        // The longest first: a part of another must not break it up.
        secrets = long.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }.map { SecretText($0) }
    }

    /// A text without any of them.
    func redacted(from text: String) -> String { secrets.reduce(text) { $1.redacted(from: $0) } }

    /// What follows the host, and what stands before it, cut at every mark that separates: no address is too malformed.
    private static func parts(of url: String) -> [String] {
        let rest = url.range(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { !"/?#".contains($0) }
        let users = authority.lastIndex(of: "@").map { authority[..<$0] } ?? ""
        let tail = rest[authority.endIndex...]
        let path = tail.prefix { !"?#".contains($0) }
        let wholes = [users, tail, path, tail.dropFirst(path.count).drop { "?#".contains($0) }]
        let pieces = (users.split(separator: ":") + tail.split { "/?#&=;,".contains($0) })
        return (wholes + pieces).map(String.init)
    }
}
