public import FleetModel

extension APIRequest {
    /// The creation of an `events.k8s.io/v1` Event about a Node (semantics 8).
    ///
    /// Events about objects without a namespace live in `default`: the server refuses any other.
    public static func create(_ event: NodeEvent) -> APIRequest {
        APIRequest(
            .post, "/apis/events.k8s.io/v1/namespaces/default/events",
            body: [
                "apiVersion": "events.k8s.io/v1", "kind": "Event",
                "metadata": ["name": .string(event.name), "namespace": "default"],
                "eventTime": .string(Timestamp.microText(event.time)),
                "reportingController": "fleet.run/fleet", "reportingInstance": .string(cut(event.reporter, to: 128)),
                "action": .string(event.action), "reason": .string(event.reason),
                "regarding": [
                    "apiVersion": "v1", "kind": "Node", "name": .string(event.node.rawValue),
                    "uid": .string(event.uid.rawValue),
                ],
                "note": .string(cut(event.note, to: 1024)), "type": event.isWarning ? "Warning" : "Normal",
            ])
    }

    /// The text without what is beyond a number of bytes; no character is broken.
    private static func cut(_ text: String, to bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var result = ""
        var count = 3
        for character in text {
            count += character.utf8.count
            guard count <= bytes else { break }
            result.append(character)
        }
        return result + "…"
    }
}
