import FleetWire
import Foundation

/// One recorded exchange with a real API server.
struct Transcript: Sendable {
    let file: String
    let note: String
    let request: JSONValue
    /// `null` for a watch.
    let response: JSONValue
    let watch: [JSONValue]

    var status: Int { response["status"].int ?? 0 }
    var body: JSONValue { response["body"] }
    /// The body as the server sent it.
    var bytes: [UInt8] { body.string.map { Array($0.utf8) } ?? body.serialized }

    static let files = [
        "controllers-and-scale", "deletion", "evictions", "leases-events-tokens", "lists", "nodes",
        "server-and-errors", "terminating-namespace", "watches",
    ]

    static func all() throws -> [Transcript] { try files.flatMap(load) }

    static func load(_ file: String) throws -> [Transcript] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appending(path: "Fixtures/\(file).json"))
        return try JSONValue(parsing: data).elements.map { json in
            Transcript(
                file: file, note: json["note"].string ?? "", request: json["request"], response: json["response"],
                watch: json["watch"].elements)
        }
    }

    static func load(_ file: String, note: String) throws -> Transcript {
        guard let found = try load(file).first(where: { $0.note == note }) else {
            throw WireFormatError("no transcript \(file): \(note)")
        }
        return found
    }
}
