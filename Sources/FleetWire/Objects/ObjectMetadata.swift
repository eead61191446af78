public import FleetModel

/// The parts of `metadata` that fleet looks at.
public struct ObjectMetadata: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The namespace; empty for cluster-scoped objects.
    public var namespace: String
    /// The UID.
    public var uid: ObjectUID
    /// The version of the last change.
    public var resourceVersion: String
    /// Grows when the specification changes.
    public var generation: Int64
    /// Labels.
    public var labels: [String: String]
    /// Annotations.
    public var annotations: [String: String]
    /// Finalizers.
    public var finalizers: [String]
    /// The owner with `controller: true`.
    public var controller: ControllerReference?
    /// When the object was created.
    public var createdAt: Instant
    /// When its grace period ends; nil while it is not being deleted.
    public var deletionTime: Instant?

    /// The metadata of a decoded object; name and UID are required.
    public init(_ object: JSONValue, kind: String) throws(WireFormatError) {
        let json = object["metadata"]
        guard let name = json["name"].string, !name.isEmpty else {
            throw WireFormatError("\(kind) without metadata.name")
        }
        guard let uid = json["uid"].string, !uid.isEmpty else {
            throw WireFormatError("\(kind) \(name) without metadata.uid")
        }
        self.name = name
        namespace = json["namespace"].string ?? ""
        self.uid = ObjectUID(uid)
        resourceVersion = json["resourceVersion"].string ?? ""
        generation = json["generation"].int64 ?? 0
        labels = json["labels"].strings
        annotations = json["annotations"].strings
        finalizers = json["finalizers"].elements.compactMap(\.string)
        controller = json["ownerReferences"].elements.first { $0["controller"].bool == true }
            .map(ControllerReference.init(_:))
        createdAt = json["creationTimestamp"].string.flatMap(Timestamp.parse) ?? .epoch
        deletionTime = json["deletionTimestamp"].string.flatMap(Timestamp.parse)
    }

    /// Namespace and name.
    public var key: ObjectKey { ObjectKey(namespace, name) }
}

extension ControllerReference {
    init(_ json: JSONValue) {
        self.init(
            apiVersion: json["apiVersion"].string ?? "",
            kind: json["kind"].string ?? "",
            name: json["name"].string ?? "",
            uid: ObjectUID(json["uid"].string ?? "")
        )
    }
}

extension JSONValue {
    /// The element of `status.conditions` with a type; `null` when there is none.
    func condition(_ type: String) -> JSONValue {
        self["status"]["conditions"].elements.first { $0["type"].string == type } ?? .null
    }
}
