public import FleetModel

/// A `coordination.k8s.io/v1` Lease (semantics 8).
public struct Lease: Hashable, Sendable {
    /// Namespace and name.
    public var key: ObjectKey
    /// The version of the last change; an update must name it.
    public var resourceVersion: String
    /// Annotations.
    public var annotations: [String: String]
    /// Who holds it; empty when it is free.
    public var holder: String
    /// How long the holder's last renewal is good for, in seconds.
    public var durationSeconds: Int64
    /// When the holder took it.
    public var acquiredAt: Instant?
    /// When the holder last renewed it.
    public var renewedAt: Instant?
    /// How often it changed hands.
    public var transitions: Int64

    /// A lease.
    public init(
        key: ObjectKey, resourceVersion: String = "", annotations: [String: String] = [:], holder: String = "",
        durationSeconds: Int64 = 15, acquiredAt: Instant? = nil, renewedAt: Instant? = nil, transitions: Int64 = 0
    ) {
        self.key = key
        self.resourceVersion = resourceVersion
        self.annotations = annotations
        self.holder = holder
        self.durationSeconds = durationSeconds
        self.acquiredAt = acquiredAt
        self.renewedAt = renewedAt
        self.transitions = transitions
    }

    /// A decoded Lease.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: "Lease")
        let spec = json["spec"]
        self.init(
            key: metadata.key,
            resourceVersion: metadata.resourceVersion,
            annotations: metadata.annotations,
            holder: spec["holderIdentity"].string ?? "",
            durationSeconds: Int64(spec["leaseDurationSeconds"].int32 ?? 0),
            acquiredAt: spec["acquireTime"].string.flatMap(Timestamp.parse),
            renewedAt: spec["renewTime"].string.flatMap(Timestamp.parse),
            transitions: Int64(spec["leaseTransitions"].int32 ?? 0)
        )
    }

    /// The wire form; its times have the six digits that `MicroTime` demands.
    public var json: JSONValue {
        var metadata: JSONValue = ["name": .string(key.name), "namespace": .string(key.namespace)]
        if !resourceVersion.isEmpty { metadata["resourceVersion"] = .string(resourceVersion) }
        if !annotations.isEmpty { metadata["annotations"] = JSONValue(annotations) }
        var spec: JSONValue = [
            "holderIdentity": .string(holder), "leaseDurationSeconds": .int(durationSeconds),
            "leaseTransitions": .int(transitions),
        ]
        if let acquiredAt { spec["acquireTime"] = .string(Timestamp.microText(acquiredAt)) }
        if let renewedAt { spec["renewTime"] = .string(Timestamp.microText(renewedAt)) }
        return [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec,
        ]
    }
}
