import FleetWire

/// Times with exactly six digits of fraction.
enum MicroTime {
    /// Throws the 400 of a time that does not decode; an absent one is fine.
    static func check(_ value: JSONValue, kind: String, version: String) throws(APIFailure) {
        guard !value.isNull else { return }
        let text = value.string ?? value.description
        let fraction = text.split(separator: ".").last.map { $0.prefix { $0.isNumber }.count } ?? 0
        guard text.contains("."), fraction == 6, Timestamp.parse(text) != nil else {
            throw .badRequest(
                "\(kind) in version \"\(version.split(separator: "/").last ?? "v1")\" cannot be handled as a \(kind): parsing "
                    + "time \"\(text)\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"\(text.suffix(1))\" as "
                    + "\".000000\"")
        }
    }
}
