import FleetModel
import FleetSimulation
import FleetWire

/// `DeleteOptions` as a client sends them, in the body or in the query.
struct DeletionRequest: Sendable {
    var gracePeriodSeconds: Int64?
    var uid: String?
    var resourceVersion: String?
    var isDryRun: Bool
    var orphansDependents: Bool

    /// Reads the options; the query adds to the body.
    init(_ options: JSONValue, query: [String: String]) throws(APIFailure) {
        let inBody = try DryRun.isSet(options["dryRun"].elements.compactMap(\.string))
        let inQuery = try DryRun.isSet(query["dryRun"].map { [$0] } ?? [])
        isDryRun = inBody || inQuery
        gracePeriodSeconds = options["gracePeriodSeconds"].int64 ?? query["gracePeriodSeconds"].flatMap { Int64($0) }
        uid = options["preconditions"]["uid"].string
        resourceVersion = options["preconditions"]["resourceVersion"].string
        orphansDependents = (options["propagationPolicy"].string ?? query["propagationPolicy"]) == "Orphan"
    }
}

/// The `dryRun` parameter, whose only value is `All`.
enum DryRun {
    /// Whether it is set; another value is a 422.
    static func isSet(_ values: [String]) throws(APIFailure) -> Bool {
        for value in values where value != "All" && !value.isEmpty {
            let error = FieldError.unsupported("dryRun", value, ["All"])
            throw APIFailure(
                422, "Invalid", " \"\" is invalid: \(error.field): \(error.message)",
                details: Status.Details(
                    causes: [Status.Cause(reason: error.reason, message: error.message, field: error.field)]))
        }
        return values.contains("All")
    }
}

extension Registry {
    /// Deletes an object.
    ///
    /// - Returns: what the API answers: the object for pods and for what finalizers hold, otherwise nil.
    mutating func delete(_ target: ResourceTarget, _ options: DeletionRequest) throws(APIFailure) -> JSONValue? {
        let old = try stored(target)
        try checkPreconditions(target, options, old)
        if let kind = target.resource.simulated {
            let shown = try deleteSimulated(target, kind, options, old)
            return kind == .pod || kind == .namespace ? shown : nil
        }
        guard old["metadata"]["finalizers"].elements.isEmpty else {
            return hold(target, old, isDryRun: options.isDryRun)
        }
        if !options.isDryRun { remove(target.resource.storage, target.key) }
        return nil
    }

    private mutating func deleteSimulated(
        _ target: ResourceTarget, _ kind: SimulationKind, _ options: DeletionRequest, _ old: JSONValue
    ) throws(APIFailure) -> JSONValue {
        let command = SimulationCommand.delete(
            ObjectIdentity(kind, target.key.objectKey),
            DeleteOptions(
                isDryRun: options.isDryRun, gracePeriodSeconds: options.gracePeriodSeconds,
                uid: options.uid.map { ObjectUID($0) }, orphansDependents: options.orphansDependents))
        return try perform(command, isDryRun: options.isDryRun, fallback: old) ?? old
    }

    private mutating func hold(_ target: ResourceTarget, _ old: JSONValue, isDryRun: Bool) -> JSONValue {
        guard old["metadata"]["deletionTimestamp"].isNull else { return old }
        var json = old
        json["metadata"]["deletionTimestamp"] = .string(Timestamp.text(now))
        json["metadata"]["deletionGracePeriodSeconds"] = 0
        if isDryRun { return json }
        put(target.resource.storage, target.key, json)
        return store.object(target.resource.storage, target.key)?.json ?? json
    }

    private func checkPreconditions(
        _ target: ResourceTarget, _ options: DeletionRequest, _ old: JSONValue
    ) throws(APIFailure) {
        let metadata = old["metadata"]
        let checks = [
            ("UID", options.uid, metadata["uid"]),
            ("ResourceVersion", options.resourceVersion, metadata["resourceVersion"]),
        ]
        for (what, asked, stored) in checks {
            if let asked, asked != stored.string {
                throw .precondition(
                    target.resource, target.name ?? "", what, asked: asked, stored: stored.string ?? "")
            }
        }
    }

    /// Deletes every object of a collection that the selectors choose.
    mutating func deleteCollection(
        _ target: ResourceTarget, _ options: ListOptions, _ deletion: DeletionRequest
    ) throws(APIFailure) -> ListPage {
        let page = try list(target, options)
        for object in page.objects {
            let metadata = object["metadata"]
            let one = ResourceTarget(
                resource: target.resource, namespace: metadata["namespace"].string ?? "",
                name: metadata["name"].string, subresource: nil)
            do { _ = try delete(one, deletion) } catch  where error.status.code == 404 { continue }
        }
        return page
    }
}
