public import FleetModel

extension SchedulingConstraints {
    /// What a pod's `spec` says about where it may run; its labels complete `matchLabelKeys`.
    public init(spec: JSONValue, labels: [String: String]) {
        let affinity = spec["affinity"]
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        self.init(
            nodeSelector: spec["nodeSelector"].strings,
            nodeAffinity: [NodeSelectorTerm](nodeSelector: affinity["nodeAffinity"][required]),
            podAffinity: affinity["podAffinity"][required].elements.map(PodAffinityTerm.init(_:)),
            podAntiAffinity: affinity["podAntiAffinity"][required].elements.map(PodAffinityTerm.init(_:)),
            topologySpread: spec["topologySpreadConstraints"].elements.map {
                TopologySpreadConstraint($0, labels: labels)
            },
            tolerations: spec["tolerations"].elements.map(Toleration.init(_:)),
            hostPorts: (spec["containers"].elements + spec["initContainers"].elements)
                .flatMap { $0["ports"].elements.compactMap(PodHostPort.init(_:)) },
            isGated: !spec["schedulingGates"].elements.isEmpty
        )
    }
}

extension [NodeSelectorTerm] {
    /// The terms of a node selector; nil when it is absent.
    public init?(nodeSelector json: JSONValue) {
        guard json.object != nil else { return nil }
        self = json["nodeSelectorTerms"].elements.map { term in
            NodeSelectorTerm(
                matchExpressions: term["matchExpressions"].elements.compactMap(SelectorRequirement.init(_:)),
                matchFields: term["matchFields"].elements.compactMap(SelectorRequirement.init(_:))
            )
        }
    }
}

extension PodAffinityTerm {
    init(_ json: JSONValue) {
        self.init(
            selector: LabelSelector(json["labelSelector"]),
            topologyKey: json["topologyKey"].string ?? "",
            namespaces: json["namespaces"].elements.compactMap(\.string),
            allNamespaces: json["namespaceSelector"].object != nil
        )
    }
}

extension TopologySpreadConstraint {
    init(_ json: JSONValue, labels: [String: String]) {
        self.init(
            maxSkew: json["maxSkew"].int32 ?? 1,
            topologyKey: json["topologyKey"].string ?? "",
            isHard: json["whenUnsatisfiable"].string != "ScheduleAnyway",
            selector: Self.selector(json, labels),
            minDomains: json["minDomains"].int32,
            honorsNodeAffinity: json["nodeAffinityPolicy"].string != "Ignore",
            honorsNodeTaints: json["nodeTaintsPolicy"].string == "Honor"
        )
    }

    /// The selector with `matchLabelKeys` merged in; newer API servers have merged them already.
    private static func selector(_ json: JSONValue, _ labels: [String: String]) -> LabelSelector? {
        guard var selector = LabelSelector(json["labelSelector"]) else { return nil }
        for key in json["matchLabelKeys"].elements.compactMap(\.string) {
            guard let value = labels[key] else { continue }
            let requirement = SelectorRequirement(key, .isIn, [value])
            if !selector.matchExpressions.contains(requirement) { selector.matchExpressions.append(requirement) }
        }
        return selector
    }
}

extension Toleration {
    init(_ json: JSONValue) {
        self.init(
            key: json["key"].string ?? "",
            exists: json["operator"].string == "Exists",
            value: json["value"].string ?? "",
            effect: json["effect"].string.flatMap(TaintEffect.init(rawValue:)),
            seconds: WireSeconds.ofPods(json["tolerationSeconds"])
        )
    }
}

extension PodHostPort {
    init?(_ json: JSONValue) {
        guard let port = json["hostPort"].int32, port > 0 else { return nil }
        let address = json["hostIP"].string ?? ""
        self.init(
            port: port, transport: json["protocol"].string ?? "TCP", address: address.isEmpty ? "0.0.0.0" : address
        )
    }
}
