import FleetModel

extension Pod {
    /// The pod as a snapshot holds it; it decodes to the same pod.
    var snapshotJSON: JSONValue {
        var object = SnapshotObject(
            "v1", "Pod", self.key, uid: self.uid, resourceVersion: self.resourceVersion, labels: self.labels,
            annotations: self.annotations,
            controller: self.controller, createdAt: self.createdAt)
        object.set(
            "metadata", "finalizers", self.finalizers.isEmpty ? nil : .array(self.finalizers.map(JSONValue.string)))
        object.set("metadata", "deletionTimestamp", self.deletionTime.map { .string(Timestamp.text($0)) })
        object.set("spec", "nodeName", self.nodeName.map { .string($0.rawValue) })
        object.setPodSpec(
            requests: self.requests, limits: self.limits, constraints: self.constraints, volumes: self.volumes,
            gracePeriodSeconds: self.gracePeriodSeconds, priorityClassName: self.priorityClassName)
        object.set("spec", "priority", self.priority == 0 ? nil : .int(self.priority))
        object.set("status", "phase", .string(self.phase.rawValue))
        if self.isReady { object.addCondition("Ready", "True") }
        if self.isDisruptionTarget { object.addCondition("DisruptionTarget", "True") }
        setPendingReason(&object)
        return object.json
    }

    private func setPendingReason(_ object: inout SnapshotObject) {
        guard !self.pendingReason.isEmpty else { return }
        guard self.nodeName != nil else {
            return object.addCondition("PodScheduled", "False", reason: "Unschedulable", message: self.pendingReason)
        }
        object.set(
            "status", "containerStatuses",
            [["name": "pod", "state": ["waiting": ["reason": .string(self.pendingReason)]]]])
    }
}

extension SnapshotObject {
    /// The parts of a pod's specification that fleet looks at; all containers are told as one.
    fileprivate mutating func setPodSpec(
        requests: Resources, limits: Resources, constraints: SchedulingConstraints, volumes: [PodVolume],
        gracePeriodSeconds: Int64, priorityClassName: String
    ) {
        let spec = Self.podSpec(
            requests: requests, limits: limits, constraints: constraints, volumes: volumes,
            gracePeriodSeconds: gracePeriodSeconds, priorityClassName: priorityClassName)
        for (key, value) in spec.object ?? JSONObject() { set("spec", key, value) }
    }

    /// The same as a value of its own.
    static func podSpec(
        requests: Resources, limits: Resources, constraints: SchedulingConstraints, volumes: [PodVolume],
        gracePeriodSeconds: Int64, priorityClassName: String
    ) -> JSONValue {
        var container: JSONValue = ["name": "pod"]
        if let requests = requests.snapshotJSON { container["resources"]["requests"] = requests }
        if let limits = limits.snapshotJSON { container["resources"]["limits"] = limits }
        if !constraints.hostPorts.isEmpty { container["ports"] = .array(constraints.hostPorts.map(\.snapshotJSON)) }
        var spec: JSONValue = ["containers": [container], "terminationGracePeriodSeconds": .int(gracePeriodSeconds)]
        if !priorityClassName.isEmpty { spec["priorityClassName"] = .string(priorityClassName) }
        if !volumes.isEmpty { spec["volumes"] = .array(volumes.map(\.snapshotJSON)) }
        constraints.add(to: &spec)
        return spec
    }
}

extension SchedulingConstraints {
    fileprivate func add(to spec: inout JSONValue) {
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        if !nodeSelector.isEmpty { spec["nodeSelector"] = JSONValue(nodeSelector) }
        if let nodeAffinity { spec["affinity"]["nodeAffinity"][required] = nodeAffinity.snapshotJSON }
        if !podAffinity.isEmpty { spec["affinity"]["podAffinity"][required] = .array(podAffinity.map(\.snapshotJSON)) }
        if !podAntiAffinity.isEmpty {
            spec["affinity"]["podAntiAffinity"][required] = .array(podAntiAffinity.map(\.snapshotJSON))
        }
        if !topologySpread.isEmpty { spec["topologySpreadConstraints"] = .array(topologySpread.map(\.snapshotJSON)) }
        if !tolerations.isEmpty { spec["tolerations"] = .array(tolerations.map(\.snapshotJSON)) }
        if isGated { spec["schedulingGates"] = [["name": "gated"]] }
    }
}

extension [NodeSelectorTerm] {
    /// A node selector, as pods and PersistentVolumes have it.
    var snapshotJSON: JSONValue {
        let terms = map { term -> JSONValue in
            var json = JSONValue.object(JSONObject())
            if !term.matchExpressions.isEmpty { json["matchExpressions"] = .array(term.matchExpressions.map(\.json)) }
            if !term.matchFields.isEmpty { json["matchFields"] = .array(term.matchFields.map(\.json)) }
            return json
        }
        return ["nodeSelectorTerms": .array(terms)]
    }
}

extension PodAffinityTerm {
    fileprivate var snapshotJSON: JSONValue {
        var json: JSONValue = ["topologyKey": .string(topologyKey)]
        if let selector { json["labelSelector"] = selector.json }
        if !namespaces.isEmpty { json["namespaces"] = .array(namespaces.map(JSONValue.string)) }
        if allNamespaces { json["namespaceSelector"] = .object(JSONObject()) }
        return json
    }
}

extension TopologySpreadConstraint {
    fileprivate var snapshotJSON: JSONValue {
        var json: JSONValue = [
            "maxSkew": .int(maxSkew), "topologyKey": .string(topologyKey),
            "whenUnsatisfiable": isHard ? "DoNotSchedule" : "ScheduleAnyway",
        ]
        if let selector { json["labelSelector"] = selector.json }
        if let minDomains { json["minDomains"] = .int(minDomains) }
        if !honorsNodeAffinity { json["nodeAffinityPolicy"] = "Ignore" }
        if honorsNodeTaints { json["nodeTaintsPolicy"] = "Honor" }
        return json
    }
}

extension Toleration {
    fileprivate var snapshotJSON: JSONValue {
        var json = JSONValue.object(JSONObject())
        if !key.isEmpty { json["key"] = .string(key) }
        if exists { json["operator"] = "Exists" }
        if !value.isEmpty { json["value"] = .string(value) }
        if let effect { json["effect"] = .string(effect.rawValue) }
        if let seconds { json["tolerationSeconds"] = .int(seconds) }
        return json
    }
}

extension PodHostPort {
    fileprivate var snapshotJSON: JSONValue {
        var json: JSONValue = ["containerPort": .int(port), "hostPort": .int(port), "protocol": .string(transport)]
        if address != "0.0.0.0" { json["hostIP"] = .string(address) }
        return json
    }
}

extension PodVolume {
    fileprivate var snapshotJSON: JSONValue {
        switch self {
        case .emptyDir(let name): ["name": .string(name), "emptyDir": .object(JSONObject())]
        case .hostPath(let name, let path): ["name": .string(name), "hostPath": ["path": .string(path)]]
        case .claim(let name, let claim):
            ["name": .string(name), "persistentVolumeClaim": ["claimName": .string(claim)]]
        }
    }
}
