import FleetModel

extension Node {
    /// The Node as a snapshot holds it; it decodes to the same Node.
    var snapshotJSON: JSONValue {
        var object = SnapshotObject(
            "v1", "Node", ObjectKey("", self.name.rawValue), uid: self.uid, resourceVersion: self.resourceVersion,
            labels: self.labels,
            annotations: self.annotations, createdAt: self.createdAt)
        object.set("spec", "unschedulable", self.isCordoned ? true : nil)
        object.set("spec", "providerID", self.providerID.isEmpty ? nil : .string(self.providerID))
        object.set("spec", "taints", self.taints.isEmpty ? nil : .array(self.taints.map(\.snapshotJSON)))
        object.set("status", "capacity", self.capacity.snapshotJSON)
        object.set("status", "allocatable", self.allocatable.snapshotJSON)
        object.addCondition("Ready", self.readiness.rawValue)
        let addresses = self.internalAddresses.map { address -> JSONValue in
            ["type": "InternalIP", "address": .string(address)]
        }
        object.set("status", "addresses", addresses.isEmpty ? nil : .array(addresses))
        object.set(
            "status", "volumesInUse", self.volumesInUse.isEmpty ? nil : .array(self.volumesInUse.map(JSONValue.string)))
        object.set(
            "status", "nodeInfo",
            [
                "machineID": .string(self.machineID), "systemUUID": .string(self.systemUUID),
                "kubeletVersion": .string(self.kubeletVersion),
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
            "policy/v1", "PodDisruptionBudget", self.key, uid: self.uid, resourceVersion: self.resourceVersion,
            labels: self.labels,
            annotations: self.annotations, generation: self.generation)
        object.set("spec", "selector", self.selector?.json)
        object.set("spec", "minAvailable", self.minAvailable?.json)
        object.set("spec", "maxUnavailable", self.maxUnavailable?.json)
        object.set("spec", "unhealthyPodEvictionPolicy", .string(self.unhealthyPodEvictionPolicy.rawValue))
        object.set("status", "observedGeneration", .int(self.observedGeneration))
        object.set("status", "disruptionsAllowed", .int(self.disruptionsAllowed))
        object.set("status", "currentHealthy", .int(self.currentHealthy))
        object.set("status", "desiredHealthy", .int(self.desiredHealthy))
        object.set("status", "expectedPods", .int(self.expectedPods))
        let disrupted = self.disruptedPods.mapValues { Timestamp.text($0) }
        object.set("status", "disruptedPods", disrupted.isEmpty ? nil : JSONValue(disrupted))
        if let failure = self.syncFailure {
            object.addCondition("DisruptionAllowed", "False", reason: "SyncFailed", message: failure)
        }
        return object.json
    }
}

extension Workload {
    /// The workload as a snapshot holds it, template included; it decodes to the same workload.
    var snapshotJSON: JSONValue {
        let kind = self.reference.kind
        var object = SnapshotObject(
            kind.apiVersion, kind.rawValue, self.reference.key, uid: self.reference.uid,
            resourceVersion: self.resourceVersion,
            labels: self.labels, annotations: self.annotations, controller: self.controller, generation: self.generation
        )
        setCounts(&object)
        object.set(
            "spec", "selector",
            self.selector.map { kind == .replicationController ? JSONValue($0.matchLabels) : $0.json })
        let key = kind == .deployment ? "strategy" : "updateStrategy"
        object.set("spec", key, self.strategy == .rollingUpdate ? nil : ["type": .string(self.strategy.rawValue)])
        object.set("spec", "template", self.template?.snapshotJSON)
        let claims = self.claimTemplates.map { name -> JSONValue in ["metadata": ["name": .string(name)]] }
        object.set("spec", "volumeClaimTemplates", claims.isEmpty ? nil : .array(claims))
        object.set("spec", "podManagementPolicy", self.isParallel ? "Parallel" : nil)
        object.set("status", "observedGeneration", self.observedGeneration == 0 ? nil : .int(self.observedGeneration))
        return object.json
    }

    private func setCounts(_ object: inout SnapshotObject) {
        switch self.reference.kind {
        case .daemonSet:
            object.set("status", "desiredNumberScheduled", .int(self.replicas))
            object.set("status", "numberReady", .int(self.readyReplicas))
        case .job:
            object.set("spec", "parallelism", .int(self.replicas))
            object.set("status", "ready", .int(self.readyReplicas))
        default:
            object.set("spec", "replicas", .int(self.replicas))
            object.set("status", "readyReplicas", .int(self.readyReplicas))
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
