import FleetWire

/// Rules of Events in their core form.
enum EventRules {
    /// What is wrong with an Event.
    ///
    /// Those with `eventTime` follow the rules of `events.k8s.io/v1` (semantics 8).
    static func validate(_ json: JSONValue) throws(APIFailure) -> [FieldError] {
        try MicroTime.check(json["eventTime"], kind: "Event", version: "v1")
        guard !json["eventTime"].isNull else { return [] }
        var errors: [FieldError] = []
        let texts = [
            ("reportingController", "reportingComponent", 128), ("reportingInstance", "reportingInstance", 128),
            ("action", "action", 128), ("reason", "reason", 128),
        ]
        for (field, key, longest) in texts {
            let text = json[key].string ?? ""
            if text.isEmpty { errors.append(.required(field)) }
            if text.utf8.count > longest {
                errors.append(.invalid(field, "\"\(text)\"", "can have at most \(longest) characters"))
            }
        }
        if let note = json["message"].string, note.utf8.count > 1024 {
            errors.append(.invalid("message", "\"\(note)\"", "can have at most 1024 characters"))
        }
        if !["Normal", "Warning"].contains(json["type"].string ?? "") {
            errors.append(.invalid("type", "\"\(json["type"].string ?? "")\"", "has invalid value"))
        }
        if let count = json["series"]["count"].int64, count < 2 {
            errors.append(.invalid("series.count", "\(count)", "should be at least 2"))
        }
        return errors
    }
}
