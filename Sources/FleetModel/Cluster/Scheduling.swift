/// What a taint does to pods that do not tolerate it.
public enum TaintEffect: String, Hashable, Sendable, Codable {
    case noSchedule = "NoSchedule"
    case preferNoSchedule = "PreferNoSchedule"
    case noExecute = "NoExecute"
}

/// A taint of a Node.
public struct Taint: Hashable, Sendable, Codable {
    /// The key, such as `node.kubernetes.io/unschedulable`.
    public var key: String
    /// The value; empty when absent.
    public var value: String
    /// What it does.
    public var effect: TaintEffect

    /// A taint; its identity on a node is key and effect.
    public init(key: String, value: String = "", effect: TaintEffect) {
        self.key = key
        self.value = value
        self.effect = effect
    }

    /// What the node lifecycle controller sets beside a cordon, and takes away with it (semantics 4).
    public static let cordon = Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule)
}

/// A pod's toleration.
///
/// An empty key with `exists` tolerates every taint; a nil effect every effect.
public struct Toleration: Hashable, Sendable, Codable {
    /// The taint's key; empty means any with `exists`.
    public var key: String
    /// Whether any value is tolerated (`Exists`) or only the given one (`Equal`).
    public var exists: Bool
    /// The value for `Equal`.
    public var value: String
    /// The effect; nil means all.
    public var effect: TaintEffect?
    /// How long a NoExecute taint is tolerated, in seconds; nil means for ever.
    public var seconds: Int64?

    /// A toleration.
    public init(
        key: String = "", exists: Bool = false, value: String = "", effect: TaintEffect? = nil, seconds: Int64? = nil
    ) {
        self.key = key
        self.exists = exists
        self.value = value
        self.effect = effect
        self.seconds = seconds
    }

    /// Whether the taint is tolerated (`~/api/core/v1/toleration.go:ToleratesTaint`).
    public func tolerates(_ taint: Taint) -> Bool {
        if let effect, effect != taint.effect { return false }
        if !key.isEmpty, key != taint.key { return false }
        if exists { return true }
        return !key.isEmpty && value == taint.value
    }

    /// As a manifest has it, such as `{key: example.com/gpu, operator: Exists}`.
    public var words: String {
        var parts = key.isEmpty ? [] : ["key: \(key)"]
        parts.append(exists ? "operator: Exists" : "value: \"\(value)\"")
        if let effect { parts.append("effect: \(effect.rawValue)") }
        return "{\(parts.joined(separator: ", "))}"
    }
}

/// A term of a required node affinity; all its requirements must hold.
///
/// An empty term matches nothing.
public struct NodeSelectorTerm: Hashable, Sendable, Codable {
    /// Requirements on labels.
    public var matchExpressions: [SelectorRequirement]
    /// Requirements on fields; only `metadata.name` exists.
    public var matchFields: [SelectorRequirement]

    /// A term.
    public init(matchExpressions: [SelectorRequirement] = [], matchFields: [SelectorRequirement] = []) {
        self.matchExpressions = matchExpressions
        self.matchFields = matchFields
    }
}

/// A required pod affinity or anti-affinity term.
public struct PodAffinityTerm: Hashable, Sendable, Codable {
    /// Which pods; nil matches none.
    public var selector: LabelSelector?
    /// The label whose values are the domains.
    public var topologyKey: String
    /// Namespaces looked at; empty with a nil `namespaceSelector` means the pod's own.
    public var namespaces: [String]
    /// True when a namespace selector widens the term to every namespace (its labels are not modelled).
    public var allNamespaces: Bool

    /// A term.
    public init(
        selector: LabelSelector?, topologyKey: String, namespaces: [String] = [], allNamespaces: Bool = false
    ) {
        self.selector = selector
        self.topologyKey = topologyKey
        self.namespaces = namespaces
        self.allNamespaces = allNamespaces
    }
}

/// A topology spread constraint.
public struct TopologySpreadConstraint: Hashable, Sendable, Codable {
    /// How uneven the domains may be; at least 1.
    public var maxSkew: Int
    /// The label whose values are the domains.
    public var topologyKey: String
    /// True for `DoNotSchedule`, false for `ScheduleAnyway`.
    public var isHard: Bool
    /// Which pods are counted; nil counts none.
    public var selector: LabelSelector?
    /// Fewer domains than this make the global minimum zero.
    public var minDomains: Int?
    /// `Honor` counts only nodes that the pod's affinity and selector accept.
    public var honorsNodeAffinity: Bool
    /// `Honor` leaves out nodes whose taints the pod does not tolerate; the default is `Ignore`.
    public var honorsNodeTaints: Bool

    /// A constraint with the API's defaults.
    public init(
        maxSkew: Int, topologyKey: String, isHard: Bool, selector: LabelSelector?, minDomains: Int? = nil,
        honorsNodeAffinity: Bool = true, honorsNodeTaints: Bool = false
    ) {
        self.maxSkew = maxSkew
        self.topologyKey = topologyKey
        self.isHard = isHard
        self.selector = selector
        self.minDomains = minDomains
        self.honorsNodeAffinity = honorsNodeAffinity
        self.honorsNodeTaints = honorsNodeTaints
    }
}

/// A port that a pod takes on its node.
public struct PodHostPort: Hashable, Sendable, Codable {
    /// 1–65535.
    public var port: Int
    /// `TCP`, `UDP` or `SCTP`.
    public var transport: String
    /// The address bound; `0.0.0.0` for all.
    public var address: String

    /// A port.
    public init(port: Int, transport: String = "TCP", address: String = "0.0.0.0") {
        self.port = port
        self.transport = transport
        self.address = address
    }
}

/// Everything of a pod's specification that decides where it may run.
public struct SchedulingConstraints: Hashable, Sendable, Codable {
    /// Labels that the node must carry.
    public var nodeSelector: [String: String]
    /// Required node affinity; terms are alternatives; nil means none is required.
    public var nodeAffinity: [NodeSelectorTerm]?
    /// Required pod affinity.
    public var podAffinity: [PodAffinityTerm]
    /// Required pod anti-affinity.
    public var podAntiAffinity: [PodAffinityTerm]
    /// Topology spread.
    public var topologySpread: [TopologySpreadConstraint]
    /// Tolerations.
    public var tolerations: [Toleration]
    /// Ports taken on the node.
    public var hostPorts: [PodHostPort]
    /// True while a scheduling gate holds the pod back.
    public var isGated: Bool

    /// Constraints; everything omitted constrains nothing.
    public init(
        nodeSelector: [String: String] = [:], nodeAffinity: [NodeSelectorTerm]? = nil,
        podAffinity: [PodAffinityTerm] = [], podAntiAffinity: [PodAffinityTerm] = [],
        topologySpread: [TopologySpreadConstraint] = [], tolerations: [Toleration] = [], hostPorts: [PodHostPort] = [],
        isGated: Bool = false
    ) {
        self.nodeSelector = nodeSelector
        self.nodeAffinity = nodeAffinity
        self.podAffinity = podAffinity
        self.podAntiAffinity = podAntiAffinity
        self.topologySpread = topologySpread
        self.tolerations = tolerations
        self.hostPorts = hostPorts
        self.isGated = isGated
    }
}
