/// A label whose values divide the nodes into domains.
struct TopologyAxis: Sendable {
    /// The label.
    let key: String
    /// Each node's domain; −1 without the label.
    private(set) var domains: [Int32] = []
    private var names: [String: Int32] = [:]

    init(key: String) { self.key = key }

    func domain(_ node: Int) -> Int32 { node < domains.count ? domains[node] : -1 }

    /// Sets the node's domain from its labels.
    mutating func place(_ node: Int, labels: [String: String]) {
        if domains.count <= node { domains.append(contentsOf: repeatElement(-1, count: node + 1 - domains.count)) }
        domains[node] = labels[key].map { intern($0) } ?? -1
    }

    private mutating func intern(_ name: String) -> Int32 {
        if let known = names[name] { return known }
        let domain = Int32(names.count)
        names[name] = domain
        return domain
    }
}

/// Which pods a spread or affinity rule looks at, and along which axis.
struct TermKey: Hashable, Sendable {
    /// The axis.
    var axis: Int
    /// Namespaces; nil for all.
    var namespaces: Set<String>?
    /// Which pods.
    var selector: LabelSelector

    func matches(namespace: String, labels: [String: String]) -> Bool {
        (namespaces?.contains(namespace) ?? true) && selector.matches(labels)
    }
}

/// How many pods a rule looks at, by domain.
struct PlacementTerm: Sendable {
    /// Counts of one domain.
    struct Count: Sendable {
        /// Matching pods, terminating ones included.
        var all: Int32 = 0
        /// Matching pods that are not terminating.
        var alive: Int32 = 0
        /// Pods that carry the rule as anti-affinity.
        var holders: Int32 = 0
    }

    let key: TermKey
    /// Classes of pods that match.
    var classes: [Int32] = []
    var counts: [Int32: Count] = [:]
    /// Matching pods in all domains.
    var total: Int32 = 0
    /// Whether any pod carries it as anti-affinity.
    var holders: Int32 = 0

    init(key: TermKey) { self.key = key }

    mutating func count(_ domain: Int32, all: Int32, alive: Int32) {
        guard domain >= 0 else { return }
        counts[domain, default: Count()].all += all
        counts[domain, default: Count()].alive += alive
        total += all
    }

    mutating func hold(_ domain: Int32, _ difference: Int32) {
        guard domain >= 0 else { return }
        counts[domain, default: Count()].holders += difference
        holders += difference
    }
}

/// A label and its value.
struct LabelPair: Hashable, Sendable {
    var label: String
    var value: String
}

/// What decides which domains a spread constraint looks at.
struct DomainKey: Hashable, Sendable {
    var axis: Int
    var otherAxes: [Int]
    /// The pod's requirement when it leaves nodes out; −1 when all nodes count.
    var requirement: Int
    var honorsAffinity: Bool
    var honorsTaints: Bool
}
