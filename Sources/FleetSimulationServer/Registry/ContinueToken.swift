import FleetWire
import Foundation

/// Where a paged list goes on: unpadded base64url of a JSON object, opaque to clients.
struct ContinueToken: Sendable {
    /// The revision of the whole list; -1 resumes at the latest state.
    let revision: Int64
    /// The last key of the page before.
    let lastKey: String

    /// A position after a key.
    init(revision: Int64, lastKey: String) {
        self.revision = revision
        self.lastKey = lastKey
    }

    /// Reads a token; anything else is a 400.
    init(_ text: String) throws(APIFailure) {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        let standard = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : String($0) }.joined() + padding
        guard let data = Data(base64Encoded: standard) else {
            throw .badRequest("invalid continue token: continue key is not valid: illegal base64 data")
        }
        guard let json = try? JSONValue(parsing: data), let start = json["start"].string else {
            throw .badRequest("invalid continue token: continue key is not valid: it is no JSON object")
        }
        guard json["v"] == "meta.k8s.io/v1", let revision = json["rv"].int64, start.hasPrefix("/"),
            start.hasSuffix("\0")
        else { throw .badRequest("invalid continue token: continue key is not valid: server does not recognize it") }
        self.init(revision: revision, lastKey: String(start.dropFirst().dropLast()))
    }

    /// The token's text.
    var text: String {
        let json = "{\"v\":\"meta.k8s.io/v1\",\"rv\":\(revision),\"start\":\"/\(lastKey)\\u0000\"}"
        let padded = Data(json.utf8).base64EncodedString()
        return padded.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : String($0) }.joined()
    }
}
