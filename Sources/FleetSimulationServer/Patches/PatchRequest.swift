import FleetWire

/// A patch with its type.
struct PatchRequest: Sendable {
    /// The four patch types of the API.
    enum Kind: String, Sendable {
        case merge = "application/merge-patch+json"
        case strategic = "application/strategic-merge-patch+json"
        case json = "application/json-patch+json"
        case apply = "application/apply-patch+yaml"
    }

    let kind: Kind
    let patch: JSONValue

    /// Reads a patch; an unknown type is a 415, a body that is no JSON a 400.
    init(contentType: String, body: [UInt8], fieldManager: String?) throws(APIFailure) {
        guard let kind = Kind(rawValue: contentType) else { throw .unsupportedMediaType }
        do { patch = try JSONValue(parsing: body) } catch {
            throw .badRequest("error decoding patch: \(error.description)")
        }
        self.kind = kind
        if kind == .json, patch.elements.count > 10_000 {
            throw APIFailure(
                413, "RequestEntityTooLarge",
                "The allowed maximum operations in a JSON patch is 10000, got \(patch.elements.count)")
        }
        if kind == .apply, (fieldManager ?? "").isEmpty { throw Self.managerRequired }
    }

    /// The object with the patch applied.
    func apply(to object: JSONValue) throws(APIFailure) -> JSONValue {
        switch kind {
        case .merge: return object.merged(with: patch)
        case .strategic: return StrategicMergePatch.apply(patch, to: object)
        case .apply:
            var applied = StrategicMergePatch.apply(patch, to: object)
            applied["metadata"]["resourceVersion"] = object["metadata"]["resourceVersion"]
            return applied
        case .json:
            do { return try JSONPatch.apply(patch, to: object) } catch { throw .rejectedPatch }
        }
    }

    /// Where a strategic patch used `$patch` in a list that has no merge key: the server warns of the unknown field.
    var warnings: [String] {
        guard kind == .strategic else { return [] }
        return patch["spec"]["taints"].elements.enumerated()
            .filter { !$1["$patch"].isNull }
            .map { "unknown field \"spec.taints[\($0.offset)].$patch\"" }
    }

    private static var managerRequired: APIFailure {
        let error = FieldError.required("fieldManager", "is required for apply patch")
        return APIFailure(
            422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: \(error.field): \(error.message)",
            details: Status.Details(
                group: "meta.k8s.io", kind: "PatchOptions",
                causes: [Status.Cause(reason: error.reason, message: error.message, field: error.field)]))
    }
}
