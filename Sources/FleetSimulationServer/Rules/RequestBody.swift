import FleetWire

/// Reading request bodies.
enum RequestBody {
    /// A body that must be an object of the resource; kind and version may be missing where `defaulted`.
    static func object(
        _ bytes: [UInt8], kind: String, groupVersions: [String], defaulted: Bool = false
    ) throws(APIFailure) -> JSONValue {
        var json = try parse(bytes, kind: kind)
        let found = (json["kind"].string ?? "", json["apiVersion"].string ?? "")
        if defaulted, found.0.isEmpty, found.1.isEmpty {
            json["kind"] = .string(kind)
            json["apiVersion"] = .string(groupVersions.first ?? "v1")
            return json
        }
        if found.0.isEmpty { throw unrecognised(kind, "Object 'Kind' is missing in", bytes) }
        if found.1.isEmpty { throw unrecognised(kind, "Object 'apiVersion' is missing in", bytes) }
        guard found.0 == kind else { throw otherKind(found.0, found.1, expected: kind, groupVersions) }
        guard groupVersions.contains(found.1) else {
            throw .badRequest(
                "the API version in the data (\(found.1)) does not match the expected API version (\(groupVersions[0]))"
            )
        }
        return json
    }

    /// Any JSON body.
    static func parse(_ bytes: [UInt8], kind: String) throws(APIFailure) -> JSONValue {
        do { return try JSONValue(parsing: bytes) } catch {
            let text = String(decoding: bytes.prefix(256), as: UTF8.self)
            let problem = error.offset >= bytes.count ? "unexpected end of JSON input" : error.description
            throw .badRequest(
                "the object provided is unrecognized (must be of type \(kind)): couldn't get version/kind; "
                    + "json parse error: \(problem) (\(text))")
        }
    }

    private static func unrecognised(_ kind: String, _ problem: String, _ bytes: [UInt8]) -> APIFailure {
        let text = String(decoding: bytes.prefix(256), as: UTF8.self)
        return .badRequest("the object provided is unrecognized (must be of type \(kind)): \(problem) '\(text)'")
    }

    private static func otherKind(
        _ kind: String, _ version: String, expected: String, _ groupVersions: [String]
    ) -> APIFailure {
        let from = version.split(separator: "/").last ?? "v1"
        let group = groupVersions.first.flatMap { $0.contains("/") ? $0.split(separator: "/").first : nil }
        let into = "\(group.map { "\($0)." } ?? "")\(expected)"
        return .badRequest(
            "\(kind) in version \"\(version)\" cannot be handled as a \(expected): converting (\(from).\(kind)) to "
                + "(\(into)): unknown conversion")
    }
}
