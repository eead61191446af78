import FleetWire

/// Events in their two forms: the core's, in which they are stored, and that of `events.k8s.io/v1`.
enum EventForms {
    private static let renamed = [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ]

    /// The core form of an Event of `events.k8s.io/v1`.
    static func core(_ json: JSONValue) -> JSONValue {
        var result = renaming(json, renamed.map { ($0.1, $0.0) })
        result["apiVersion"] = "v1"
        for key in ["firstTimestamp", "lastTimestamp"] where result[key].isNull { result[key] = .null }
        if result["source"].isNull { result["source"] = [:] }
        if result["involvedObject"].isNull { result["involvedObject"] = [:] }
        return result
    }

    /// The form of `events.k8s.io/v1` of a core Event.
    static func modern(_ json: JSONValue) -> JSONValue {
        var result = renaming(json, renamed)
        result["apiVersion"] = "events.k8s.io/v1"
        for key in ["deprecatedFirstTimestamp", "deprecatedLastTimestamp"] where result[key].isNull {
            result[key] = .null
        }
        if result["deprecatedSource"].isNull { result["deprecatedSource"] = [:] }
        return result
    }

    private static func renaming(_ json: JSONValue, _ names: [(String, String)]) -> JSONValue {
        let names = Dictionary(names, uniquingKeysWith: { first, _ in first })
        return .object(JSONObject((json.object ?? JSONObject()).map { (names[$0.key] ?? $0.key, $0.value) }))
    }
}
