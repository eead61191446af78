import FleetModel

extension Node {
    /// The Node as a snapshot holds it; it decodes to the same Node.
    var snapshotJSON: JSONValue {
        var object = SnapshotObject(
            "v1", "Node", ObjectKey("", name.rawValue), uid: uid, resourceVersion: resourceVersion, labels: labels,
            annotations: annotations, createdAt: createdAt)
        object.set("spec", "unschedulable", isCordoned ? true : nil)
        object.set("spec", "providerID", providerID.isEmpty ? nil : .string(providerID))
        object.set("spec", "taints", taints.isEmpty ? nil : .array(taints.map(\.snapshotJSON)))
        object.set("status", "capacity", capacity.snapshotJSON)
        object.set("status", "allocatable", allocatable.snapshotJSON)
        object.addCondition("Ready", readiness.rawValue)
        let addresses = internalAddresses.map { address -> JSONValue in
            ["type": "InternalIP", "address": .string(address)]
        }
        object.set("status", "addresses", addresses.isEmpty ? nil : .array(addresses))
        object.set("status", "volumesInUse", volumesInUse.isEmpty ? nil : .array(volumesInUse.map(JSONValue.string)))
        object.set(
            "status", "nodeInfo",
            [
                "machineID": .string(machineID), "systemUUID": .string(systemUUID),
                "kubeletVersion": .string(kubeletVersion),
            ])
        return object.json
    }
}

extension Taint {
    fileprivate var snapshotJSON: JSONValue {
        var json: JSONValue = ["key": .string(key), "effect": .string(effect.rawValue)]
        if !value.isEmpty { json["value"] = .string(value) }
        return json
    }
}

extension PodDisruptionBudget {
    /// The budget as a snapshot holds it, status included; it decodes to the same budget.
    var snapshotJSON: JSONValue {
        var object = SnapshotObject(
            "policy/v1", "PodDisruptionBudget", key, uid: uid, resourceVersion: resourceVersion, labels: labels,
            annotations: annotations, generation: generation)
        object.set("spec", "selector", selector?.json)
        object.set("spec", "minAvailable", minAvailable?.json)
        object.set("spec", "maxUnavailable", maxUnavailable?.json)
        object.set("spec", "unhealthyPodEvictionPolicy", .string(unhealthyPodEvictionPolicy.rawValue))
        object.set("status", "observedGeneration", .int(observedGeneration))
        object.set("status", "disruptionsAllowed", .int(disruptionsAllowed))
        object.set("status", "currentHealthy", .int(currentHealthy))
        object.set("status", "desiredHealthy", .int(desiredHealthy))
        object.set("status", "expectedPods", .int(expectedPods))
        let disrupted = disruptedPods.mapValues { Timestamp.text($0) }
        object.set("status", "disruptedPods", disrupted.isEmpty ? nil : JSONValue(disrupted))
        if let syncFailure {
            object.addCondition("DisruptionAllowed", "False", reason: "SyncFailed", message: syncFailure)
        }
        return object.json
    }
}

extension Workload {
    /// The workload as a snapshot holds it, template included; it decodes to the same workload.
    var snapshotJSON: JSONValue {
        let kind = reference.kind
        var object = SnapshotObject(
            kind.apiVersion, kind.rawValue, reference.key, uid: reference.uid, resourceVersion: resourceVersion,
            labels: labels, annotations: annotations, controller: controller, generation: generation)
        setCounts(&object)
        object.set(
            "spec", "selector", selector.map { kind == .replicationController ? JSONValue($0.matchLabels) : $0.json })
        let key = kind == .deployment ? "strategy" : "updateStrategy"
        object.set("spec", key, strategy == .rollingUpdate ? nil : ["type": .string(strategy.rawValue)])
        object.set("spec", "template", template?.snapshotJSON)
        let claims = claimTemplates.map { name -> JSONValue in ["metadata": ["name": .string(name)]] }
        object.set("spec", "volumeClaimTemplates", claims.isEmpty ? nil : .array(claims))
        object.set("spec", "podManagementPolicy", isParallel ? "Parallel" : nil)
        object.set("status", "observedGeneration", observedGeneration == 0 ? nil : .int(observedGeneration))
        return object.json
    }

    private func setCounts(_ object: inout SnapshotObject) {
        switch reference.kind {
        case .daemonSet:
            object.set("status", "desiredNumberScheduled", .int(replicas))
            object.set("status", "numberReady", .int(readyReplicas))
        case .job:
            object.set("spec", "parallelism", .int(replicas))
            object.set("status", "ready", .int(readyReplicas))
        default:
            object.set("spec", "replicas", .int(replicas))
            object.set("status", "readyReplicas", .int(readyReplicas))
        }
    }
}

extension WorkloadKind {
    fileprivate var apiVersion: String {
        switch self {
        case .deployment, .replicaSet, .statefulSet, .daemonSet: "apps/v1"
        case .job: "batch/v1"
        case .replicationController: "v1"
        }
    }
}

extension PodTemplate {
    fileprivate var snapshotJSON: JSONValue {
        var json: JSONValue = [
            "spec": SnapshotObject.podSpec(
                requests: requests, limits: .zero, constraints: constraints, volumes: volumes,
                gracePeriodSeconds: gracePeriodSeconds, priorityClassName: priorityClassName)
        ]
        if !labels.isEmpty { json["metadata"]["labels"] = JSONValue(labels) }
        let known = SnapshotDocument.kept(of: annotations)
        if !known.isEmpty { json["metadata"]["annotations"] = JSONValue(known) }
        return json
    }
}

extension PodAutoscaler {
    /// The autoscaler as a snapshot holds it.
    var snapshotJSON: JSONValue {
        var object = SnapshotObject(
            "autoscaling/v2", "HorizontalPodAutoscaler", key, uid: uid, annotations: annotations)
        object.set("spec", "scaleTargetRef", ["kind": .string(targetKind), "name": .string(targetName)])
        object.set("spec", "minReplicas", .int(minReplicas))
        object.set("spec", "maxReplicas", .int(maxReplicas))
        return object.json
    }
}

extension PersistentVolumeClaim {
    /// The claim as a snapshot holds it.
    var snapshotJSON: JSONValue {
        var object = SnapshotObject("v1", "PersistentVolumeClaim", key)
        object.set("spec", "volumeName", volumeName.isEmpty ? nil : .string(volumeName))
        object.set("spec", "accessModes", accessModes.isEmpty ? nil : .array(accessModes.map(JSONValue.string)))
        object.set("spec", "storageClassName", storageClassName.isEmpty ? nil : .string(storageClassName))
        return object.json
    }
}

extension PersistentVolume {
    /// The volume as a snapshot holds it; where a local one lies is not told.
    var snapshotJSON: JSONValue {
        var object = SnapshotObject("v1", "PersistentVolume", ObjectKey("", name), labels: labels)
        object.set("spec", "nodeAffinity", nodeAffinity.map { ["required": $0.snapshotJSON] })
        object.set("spec", "local", isLocal ? .object(JSONObject()) : nil)
        return object.json
    }
}

extension VolumeAttachment {
    /// The attachment as a snapshot holds it.
    var snapshotJSON: JSONValue {
        var object = SnapshotObject("storage.k8s.io/v1", "VolumeAttachment", ObjectKey("", name))
        object.set("spec", "nodeName", .string(nodeName.rawValue))
        object.set("spec", "source", ["persistentVolumeName": .string(volumeName)])
        object.set("status", "attached", .bool(isAttached))
        return object.json
    }
}
