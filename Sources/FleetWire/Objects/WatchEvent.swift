/// One element of a watch's stream (semantics 6.2).
public enum WatchEvent: Hashable, Sendable {
    /// The object is new to the watch.
    case added(JSONValue)
    /// The object changed.
    case modified(JSONValue)
    /// The object is gone, or left the selector; it carries the last state under the new version.
    case deleted(JSONValue)
    /// Only the version has meaning; `endsInitialEvents` marks the end of a streaming list.
    case bookmark(resourceVersion: String, endsInitialEvents: Bool)
    /// The stream ends with this status.
    case error(Status)

    /// Decodes one line.
    public init(decoding bytes: some Sequence<UInt8>) throws(WireFormatError) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes, skipping: ObjectList.skippedKeys)
        } catch {
            throw WireFormatError("a watch event is no JSON: \(error)")
        }
        try self.init(json)
    }

    /// Reads a parsed event.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let object = json["object"]
        switch json["type"].string {
        case "ADDED": self = .added(object)
        case "MODIFIED": self = .modified(object)
        case "DELETED": self = .deleted(object)
        case "BOOKMARK":
            let metadata = object["metadata"]
            self = .bookmark(
                resourceVersion: metadata["resourceVersion"].string ?? "",
                endsInitialEvents: metadata["annotations"]["k8s.io/initial-events-end"].string == "true"
            )
        case "ERROR":
            guard let status = Status(object) else { throw WireFormatError("an ERROR event without a Status") }
            self = .error(status)
        case let type: throw WireFormatError("a watch event of unknown type \(type ?? "(none)")")
        }
    }

    /// The wire form, without the line's end.
    public var json: JSONValue {
        switch self {
        case .added(let object): ["type": "ADDED", "object": object]
        case .modified(let object): ["type": "MODIFIED", "object": object]
        case .deleted(let object): ["type": "DELETED", "object": object]
        case .bookmark(let version, let ends):
            ["type": "BOOKMARK", "object": ["metadata": Self.bookmarkMetadata(version, ends)]]
        case .error(let status): ["type": "ERROR", "object": status.json]
        }
    }

    private static func bookmarkMetadata(_ version: String, _ ends: Bool) -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": .string(version)]
        if ends { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        return metadata
    }
}
