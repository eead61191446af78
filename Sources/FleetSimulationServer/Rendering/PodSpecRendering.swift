import FleetModel
import FleetWire

/// Pod specifications made from the model, for pods and templates that came without JSON.
enum PodSpecRendering {
    /// A `spec` that decodes to the given values.
    static func spec(
        requests: Resources, limits: Resources, constraints: SchedulingConstraints, volumes: [PodVolume],
        gracePeriodSeconds: Int64, priorityClassName: String
    ) -> JSONValue {
        var container: JSONValue = ["name": "main", "image": "registry.invalid/simulated"]
        if !constraints.hostPorts.isEmpty { container["ports"] = .array(constraints.hostPorts.map(port)) }
        container["resources"] = resources(requests: requests, limits: limits)
        let scratch = volumes.map { volume -> JSONValue in
            ["name": .string(name(volume)), "mountPath": "/var/lib/\(name(volume))"]
        }
        if !scratch.isEmpty { container["volumeMounts"] = .array(scratch) }
        var spec: JSONValue = .emptyObject
        if !volumes.isEmpty { spec["volumes"] = .array(volumes.map(json)) }
        spec["containers"] = [container]
        spec["restartPolicy"] = "Always"
        spec["terminationGracePeriodSeconds"] = .int(gracePeriodSeconds)
        spec["dnsPolicy"] = "ClusterFirst"
        overlay(constraints, &spec)
        spec["securityContext"] = [:]
        spec["schedulerName"] = "default-scheduler"
        if !priorityClassName.isEmpty { spec["priorityClassName"] = .string(priorityClassName) }
        return spec
    }

    private static func resources(requests: Resources, limits: Resources) -> JSONValue {
        var resources: JSONValue = .emptyObject
        if let limits = limits.json.nonEmpty { resources["limits"] = limits }
        if let requests = requests.json.nonEmpty { resources["requests"] = requests }
        return resources
    }

    private static func overlay(_ constraints: SchedulingConstraints, _ spec: inout JSONValue) {
        if !constraints.nodeSelector.isEmpty { spec["nodeSelector"] = JSONValue(constraints.nodeSelector) }
        if let affinity = affinity(constraints).nonEmpty { spec["affinity"] = affinity }
        if !constraints.tolerations.isEmpty { spec["tolerations"] = .array(constraints.tolerations.map(json)) }
        if !constraints.topologySpread.isEmpty {
            spec["topologySpreadConstraints"] = .array(constraints.topologySpread.map(json))
        }
        if constraints.isGated { spec["schedulingGates"] = [["name": "simulated"]] }
    }

    private static func affinity(_ constraints: SchedulingConstraints) -> JSONValue {
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        var affinity: JSONValue = .emptyObject
        if let terms = constraints.nodeAffinity {
            affinity["nodeAffinity"][required] = nodeSelector(terms)
        }
        if !constraints.podAffinity.isEmpty {
            affinity["podAffinity"][required] = .array(constraints.podAffinity.map(json))
        }
        if !constraints.podAntiAffinity.isEmpty {
            affinity["podAntiAffinity"][required] = .array(constraints.podAntiAffinity.map(json))
        }
        return affinity
    }

    /// A node selector, as pods and PersistentVolumes use it.
    static func nodeSelector(_ terms: [NodeSelectorTerm]) -> JSONValue {
        let list = terms.map { term -> JSONValue in
            var json: JSONValue = .emptyObject
            if !term.matchExpressions.isEmpty { json["matchExpressions"] = .array(term.matchExpressions.map(\.json)) }
            if !term.matchFields.isEmpty { json["matchFields"] = .array(term.matchFields.map(\.json)) }
            return json
        }
        return ["nodeSelectorTerms": .array(list)]
    }

    private static func json(_ term: PodAffinityTerm) -> JSONValue {
        var json: JSONValue = ["topologyKey": .string(term.topologyKey)]
        if let selector = term.selector { json["labelSelector"] = selector.json }
        if !term.namespaces.isEmpty { json["namespaces"] = .strings(term.namespaces) }
        if term.allNamespaces { json["namespaceSelector"] = [:] }
        return json
    }

    private static func json(_ spread: TopologySpreadConstraint) -> JSONValue {
        var json: JSONValue = [
            "maxSkew": .int(spread.maxSkew), "topologyKey": .string(spread.topologyKey),
            "whenUnsatisfiable": spread.isHard ? "DoNotSchedule" : "ScheduleAnyway",
        ]
        if let selector = spread.selector { json["labelSelector"] = selector.json }
        if let minDomains = spread.minDomains { json["minDomains"] = .int(minDomains) }
        if !spread.honorsNodeAffinity { json["nodeAffinityPolicy"] = "Ignore" }
        if spread.honorsNodeTaints { json["nodeTaintsPolicy"] = "Honor" }
        return json
    }

    private static func json(_ toleration: Toleration) -> JSONValue {
        var json: JSONValue = .emptyObject
        if !toleration.key.isEmpty { json["key"] = .string(toleration.key) }
        json["operator"] = toleration.exists ? "Exists" : "Equal"
        if !toleration.value.isEmpty { json["value"] = .string(toleration.value) }
        if let effect = toleration.effect { json["effect"] = .string(effect.rawValue) }
        if let seconds = toleration.seconds { json["tolerationSeconds"] = .int(seconds) }
        return json
    }

    private static func port(_ port: PodHostPort) -> JSONValue {
        var json: JSONValue = [
            "containerPort": .int(port.port), "hostPort": .int(port.port), "protocol": .string(port.transport),
        ]
        if port.address != "0.0.0.0" { json["hostIP"] = .string(port.address) }
        return json
    }

    static func json(_ volume: PodVolume) -> JSONValue {
        switch volume {
        case .emptyDir(let name): ["name": .string(name), "emptyDir": [:]]
        case .hostPath(let name, let path): ["name": .string(name), "hostPath": ["path": .string(path)]]
        case .claim(let name, let claim):
            ["name": .string(name), "persistentVolumeClaim": ["claimName": .string(claim)]]
        }
    }

    static func name(_ volume: PodVolume) -> String {
        switch volume {
        case .emptyDir(let name), .hostPath(let name, _), .claim(let name, _): name
        }
    }
}
