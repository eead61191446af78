public import FleetModel

extension PersistentVolumeClaim {
    /// A decoded `v1` PersistentVolumeClaim.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: "PersistentVolumeClaim")
        self.init(
            key: metadata.key,
            volumeName: json["spec"]["volumeName"].string ?? "",
            accessModes: json["spec"]["accessModes"].elements.compactMap(\.string),
            storageClassName: json["spec"]["storageClassName"].string ?? ""
        )
    }
}

extension PersistentVolume {
    /// A decoded `v1` PersistentVolume.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: "PersistentVolume")
        let spec = json["spec"]
        self.init(
            name: metadata.name,
            nodeAffinity: [NodeSelectorTerm](nodeSelector: spec["nodeAffinity"]["required"]),
            isLocal: spec["local"].object != nil || spec["hostPath"].object != nil,
            labels: metadata.labels
        )
    }
}

extension VolumeAttachment {
    /// A decoded `storage.k8s.io/v1` VolumeAttachment.
    public init(_ json: JSONValue) throws(WireFormatError) {
        let metadata = try ObjectMetadata(json, kind: "VolumeAttachment")
        self.init(
            name: metadata.name,
            nodeName: NodeName(json["spec"]["nodeName"].string ?? ""),
            volumeName: json["spec"]["source"]["persistentVolumeName"].string ?? "",
            isAttached: json["status"]["attached"].bool ?? false
        )
    }
}
