/// Pods that look the same to the filters.
struct PlacementClassKey: Hashable, Sendable {
    var namespace: String
    var labels: [String: String]
    var requests: Resources
    var constraints: SchedulingConstraints
}

/// What the filters need to know of such pods, with names resolved to indices.
struct PlacementClass: Sendable {
    /// A hard topology spread constraint.
    struct Spread: Sendable {
        var term: Int
        var maxSkew: Int32
        var minDomains: Int?
        var matchesItself: Bool
        var honorsAffinity: Bool
        var honorsTaints: Bool
    }

    var namespace: String
    var labels: [String: String]
    var requests: Resources
    var requirement: Int
    var ports: [PodHostPort]
    var isGated: Bool
    var spreads: [Spread] = []
    var affinity: [Int] = []
    var matchesOwnAffinity = true
    var antiAffinity: [Int] = []
    /// Terms of anybody's rules that match these pods.
    var matches: [Int32] = []
    /// Where such pods are: all and alive, by node.
    var placed: [Int32: (all: Int32, alive: Int32)] = [:]

    /// Whether the pods ask for nothing but cpu, memory, ephemeral storage and an accepting node.
    var isPlain: Bool {
        ports.isEmpty && requests.extended.isEmpty && spreads.isEmpty && affinity.isEmpty && antiAffinity.isEmpty
    }
}

/// A pod's demands, resolved once by `PlacementState.demand(of:)`; valid in that state and its copies only.
@frozen public struct PlacementDemand: Hashable, Sendable {
    /// The class of pods that look the same.
    @usableFromInline var classIndex: Int32
    /// Claims by key; empty for most pods.
    @usableFromInline var claims: [ObjectKey]

    @usableFromInline init(classIndex: Int32, claims: [ObjectKey]) {
        self.classIndex = classIndex
        self.claims = claims
    }
}

/// One pod's look at the cluster as it is now: valid until the state changes.
public struct PlacementProbe: Sendable {
    let classIndex: Int
    /// The fewest matching pods of any domain, by spread constraint.
    let minima: [Int32]
    /// The pod is the first of its affinity group, and may go anywhere.
    let startsAffinity: Bool
    /// Volume requirements to be met.
    let volumes: [Int]
    /// The pod's requests.
    let requests: Resources
    let requirement: Int
    let isPlain: Bool
    /// A gated pod goes nowhere.
    public let isGated: Bool
}
