import FleetModel
import FleetSimulation
import FleetWire

/// Modelled HorizontalPodAutoscalers over the JSON that is kept beside them.
enum AutoscalerRendering {
    /// The object with the modelled fields laid over it.
    static func json(_ autoscaler: PodAutoscaler, _ detail: ObjectDetail, over base: JSONValue) -> JSONValue {
        var json = base
        MetadataRendering.overlay(
            &json, apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", key: autoscaler.key,
            uid: autoscaler.uid, labels: json["metadata"]["labels"].strings, annotations: autoscaler.annotations)
        MetadataRendering.overlay(createdAt: detail.createdAt, &json)
        let target = json["spec"]["scaleTargetRef"]
        if target["kind"].string != autoscaler.targetKind || target["name"].string != autoscaler.targetName {
            json["spec"]["scaleTargetRef"] = [
                "kind": .string(autoscaler.targetKind), "name": .string(autoscaler.targetName), "apiVersion": "apps/v1",
            ]
        }
        json["spec"]["minReplicas"] = .int(autoscaler.minReplicas)
        json["spec"]["maxReplicas"] = .int(autoscaler.maxReplicas)
        if json["spec"]["metrics"].isNull { json["spec"]["metrics"] = defaultMetrics }
        if json["status"].isNull { json["status"] = ["desiredReplicas": 0, "currentMetrics": .null] }
        return json
    }

    private static let defaultMetrics: JSONValue = [
        [
            "type": "Resource",
            "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 80]],
        ]
    ]
}

/// Modelled VolumeAttachments over the JSON that is kept beside them.
enum AttachmentRendering {
    /// The object with the modelled fields laid over it.
    static func json(_ attachment: VolumeAttachment, _ detail: ObjectDetail, over base: JSONValue) -> JSONValue {
        var json = base
        MetadataRendering.overlay(
            &json, apiVersion: "storage.k8s.io/v1", kind: "VolumeAttachment", key: ObjectKey("", attachment.name),
            uid: detail.uid, labels: json["metadata"]["labels"].strings,
            annotations: json["metadata"]["annotations"].strings)
        MetadataRendering.overlay(createdAt: detail.createdAt, &json)
        if json["spec"]["attacher"].isNull { json["spec"]["attacher"] = "csi.simulated" }
        json["spec"]["nodeName"] = .string(attachment.nodeName.rawValue)
        json["spec"]["source"] =
            attachment.volumeName.isEmpty ? [:] : ["persistentVolumeName": .string(attachment.volumeName)]
        json["status"]["attached"] = .bool(attachment.isAttached)
        return json
    }
}

/// Volumes and claims, which the simulation takes as given.
enum VolumeRendering {
    /// A PersistentVolume.
    static func json(_ volume: PersistentVolume, _ detail: ObjectDetail, over base: JSONValue) -> JSONValue {
        var json = base
        MetadataRendering.overlay(
            &json, apiVersion: "v1", kind: "PersistentVolume", key: ObjectKey("", volume.name), uid: detail.uid,
            labels: volume.labels, annotations: json["metadata"]["annotations"].strings)
        MetadataRendering.overlay(createdAt: detail.createdAt, &json)
        if json["spec"].isNull { json["spec"] = spec(volume) }
        json["status"]["phase"] = .string(detail.phase.isEmpty ? "Bound" : detail.phase)
        return json
    }

    private static func spec(_ volume: PersistentVolume) -> JSONValue {
        var spec: JSONValue = ["capacity": ["storage": "1Gi"], "accessModes": ["ReadWriteOnce"]]
        if volume.isLocal {
            spec["local"] = ["path": "/var/lib/volumes/\(volume.name)"]
        } else {
            spec["csi"] = ["driver": "csi.simulated", "volumeHandle": .string(volume.name)]
        }
        if let terms = volume.nodeAffinity {
            spec["nodeAffinity"] = ["required": PodSpecRendering.nodeSelector(terms)]
        }
        return spec
    }

    /// A PersistentVolumeClaim.
    static func json(_ claim: PersistentVolumeClaim, _ detail: ObjectDetail, over base: JSONValue) -> JSONValue {
        var json = base
        MetadataRendering.overlay(
            &json, apiVersion: "v1", kind: "PersistentVolumeClaim", key: claim.key, uid: detail.uid,
            labels: json["metadata"]["labels"].strings, annotations: json["metadata"]["annotations"].strings)
        MetadataRendering.overlay(createdAt: detail.createdAt, &json)
        if json["spec"].isNull {
            json["spec"] = [
                "accessModes": .strings(claim.accessModes), "resources": ["requests": ["storage": "1Gi"]],
                "storageClassName": .string(claim.storageClassName),
            ]
        }
        if !claim.volumeName.isEmpty { json["spec"]["volumeName"] = .string(claim.volumeName) }
        json["status"]["phase"] = claim.volumeName.isEmpty ? "Pending" : "Bound"
        return json
    }
}
