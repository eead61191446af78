/// The cluster as kube-scheduler's filters see it: who uses what, where; pods are assumed and forgotten cheaply.
///
/// Nodes are addressed by an index that stays theirs until they are removed. The rules are those of kube-scheduler
/// (semantics 5.2); what is not modelled (DRA claims, CSI attach limits, declared features) rejects nothing.
public struct PlacementState: Sendable {
    struct NodeEntry: Sendable {
        var node: Node
        var isPresent: Bool
        var ports: [PodHostPort: Int] = [:]
        var usedExtended: [String: Int64] = [:]
    }

    /// What a node has left of the resources that nearly every pod asks for, and what it had at first: all that most
    /// decisions look at, close together.
    struct Room: Sendable {
        var isPresent = true
        var allMilliCPU: Int64 = 0
        var allMemory: Int64 = 0
        var milliCPU: Int64 = 0
        var memory: Int64 = 0
        var ephemeralStorage: Int64 = 0
        var pods: Int64 = 0
        /// How free it is, in percent: the mean of CPU and memory.
        ///
        /// Asked for far more often than it changes.
        private(set) var freeShare: Int64 = 0

        /// Reckons the share anew, after the numbers changed.
        mutating func weigh() {
            let freeCPU = allMilliCPU > 0 ? max(0, milliCPU).multipliedSaturated(by: 100) / allMilliCPU : 0
            let freeMemory = allMemory > 0 ? max(0, memory).multipliedSaturated(by: 100) / allMemory : 0
            freeShare = freeCPU.addingSaturated(freeMemory) / 2
        }

        mutating func grow(by difference: Resources) {
            milliCPU = milliCPU.addingSaturated(difference.milliCPU)
            memory = memory.addingSaturated(difference.memory)
            ephemeralStorage = ephemeralStorage.addingSaturated(difference.ephemeralStorage)
            pods = pods.addingSaturated(difference.pods)
        }

        /// Takes what a pod asks for; with the sign -1 gives it back.
        mutating func take(_ requests: Resources, sign: Int64) {
            milliCPU = milliCPU.subtractingSaturated(requests.milliCPU.multipliedSaturated(by: sign))
            memory = memory.subtractingSaturated(requests.memory.multipliedSaturated(by: sign))
            ephemeralStorage = ephemeralStorage.subtractingSaturated(
                requests.ephemeralStorage.multipliedSaturated(by: sign))
            pods = pods.subtractingSaturated(sign)
        }
    }

    var entries: [NodeEntry] = []
    var rooms: [Room] = []
    /// Counts up with every change of nodes that filters look at.
    var nodesVersion = 0
    /// Domains that a spread constraint looks at, remembered until the nodes change.
    var domainCache: [DomainKey: (version: Int, domains: [Int32])] = [:]
    var requirements: [NodeRequirement] = []
    var verdicts: [NodeVerdicts] = []
    var volumeRequirements: [PersistentVolume] = []
    var volumeVerdicts: [NodeVerdicts] = []
    var axes: [TopologyAxis] = []
    var terms: [PlacementTerm] = []
    var classes: [PlacementClass] = []
    private var indexByName: [NodeName: Int] = [:]
    private var free: [Int] = []
    private var requirementIndex: [NodeRequirement: Int] = [:]
    private var volumeIndex: [PersistentVolume: Int] = [:]
    private var axisIndex: [String: Int] = [:]
    private var termIndex: [TermKey: Int] = [:]
    private var classIndex: [PlacementClassKey: Int32] = [:]
    private var classesByNamespace: [String: [Int32]] = [:]
    private var termsByLabel: [LabelPair: [Int32]] = [:]
    private var termsWithoutLabel: [Int32] = []
    var claims: [ObjectKey: String] = [:]
    var volumes: [String: Int] = [:]

    /// An empty cluster.
    public init() {}

    /// A snapshot's nodes, volumes and bound, unfinished pods.
    public init(snapshot: ClusterSnapshot) {
        for node in snapshot.nodes { add(node) }
        for volume in snapshot.volumes { set(volume) }
        for claim in snapshot.claims { set(claim) }
        for pod in snapshot.pods where !pod.isFinished {
            guard let name = pod.nodeName, let node = index(of: name) else { continue }
            assume(demand(of: pod), on: node, isTerminating: pod.isTerminating)
        }
    }

    // MARK: Nodes

    /// The number of nodes.
    public var nodeCount: Int { indexByName.count }

    /// One more than the largest index in use.
    public var indexLimit: Int { entries.count }

    /// The node's index; nil when it is not here.
    public func index(of name: NodeName) -> Int? { indexByName[name] }

    /// The node at an index; nil when the index is free.
    public func node(at index: Int) -> Node? { entries[index].isPresent ? entries[index].node : nil }

    /// Adds a node, or brings a known one up to date.
    @discardableResult public mutating func add(_ node: Node) -> Int {
        if let known = indexByName[node.name] {
            update(known, to: node)
            return known
        }
        let index = free.popLast() ?? entries.count
        if index == entries.count {
            entries.append(NodeEntry(node: node, isPresent: true))
            rooms.append(Room())
        } else {
            entries[index] = NodeEntry(node: node, isPresent: true)
        }
        let allocatable = node.allocatable
        rooms[index] = Room(
            allMilliCPU: allocatable.milliCPU, allMemory: allocatable.memory, milliCPU: allocatable.milliCPU,
            memory: allocatable.memory,
            ephemeralStorage: allocatable.ephemeralStorage, pods: allocatable.pods)
        rooms[index].weigh()
        indexByName[node.name] = index
        forgetVerdicts(index)
        for axis in axes.indices { axes[axis].place(index, labels: node.labels) }
        return index
    }

    /// Removes a node whose pods have been forgotten; its index may be given to another one.
    public mutating func remove(_ name: NodeName) {
        guard let index = indexByName.removeValue(forKey: name) else { return }
        entries[index].isPresent = false
        rooms[index].isPresent = false
        for axis in axes.indices { axes[axis].place(index, labels: [:]) }
        forgetVerdicts(index)
        free.append(index)
    }

    private mutating func update(_ index: Int, to node: Node) {
        let old = entries[index].node
        entries[index].node = node
        if old.allocatable != node.allocatable { resize(index, by: node.allocatable - old.allocatable) }
        guard old.labels != node.labels || old.taints != node.taints || old.isCordoned != node.isCordoned else {
            return
        }
        forgetVerdicts(index)
        for axis in axes.indices where old.labels[axes[axis].key] != node.labels[axes[axis].key] {
            recount(index, sign: -1, axis: axis)
            axes[axis].place(index, labels: node.labels)
            recount(index, sign: 1, axis: axis)
        }
    }

    private mutating func resize(_ index: Int, by difference: Resources) {
        rooms[index].allMilliCPU = rooms[index].allMilliCPU.addingSaturated(difference.milliCPU)
        rooms[index].allMemory = rooms[index].allMemory.addingSaturated(difference.memory)
        rooms[index].grow(by: difference)
        rooms[index].weigh()
    }

    private mutating func forgetVerdicts(_ index: Int) {
        nodesVersion += 1
        for requirement in verdicts.indices { verdicts[requirement].forget(index) }
        for requirement in volumeVerdicts.indices { volumeVerdicts[requirement].forget(index) }
    }

    private mutating func recount(_ node: Int, sign: Int32, axis: Int) {
        let domain = axes[axis].domain(node)
        for index in classes.indices {
            guard let placed = classes[index].placed[Int32(node)] else { continue }
            for term in classes[index].matches where terms[Int(term)].key.axis == axis {
                terms[Int(term)].count(domain, all: sign * placed.all, alive: sign * placed.alive)
            }
            for term in classes[index].antiAffinity where terms[term].key.axis == axis {
                terms[term].hold(domain, sign * placed.all)
            }
        }
    }

    // MARK: Volumes

    /// Adds or changes a volume.
    public mutating func set(_ volume: PersistentVolume) {
        var shape = volume
        shape.name = ""
        shape.labels = volume.labels.filter { Self.zoneLabels.contains($0.key) }
        shape.isLocal = false
        volumes[volume.name] = shape.nodeAffinity == nil && shape.labels.isEmpty ? nil : intern(shape)
    }

    /// Adds or changes a claim.
    public mutating func set(_ claim: PersistentVolumeClaim) {
        claims[claim.key] = claim.volumeName.isEmpty ? nil : claim.volumeName
    }

    static let zoneLabels = [
        "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
    ]

    private mutating func intern(_ shape: PersistentVolume) -> Int {
        if let known = volumeIndex[shape] { return known }
        volumeIndex[shape] = volumeRequirements.count
        volumeRequirements.append(shape)
        volumeVerdicts.append(NodeVerdicts())
        return volumeRequirements.count - 1
    }

    // MARK: Pods

    /// Resolves a pod's demands; do it once for each pod.
    public mutating func demand(of pod: Pod) -> PlacementDemand {
        let key = PlacementClassKey(
            namespace: pod.key.namespace, labels: pod.labels, requests: pod.requests, constraints: pod.constraints)
        let index = classIndex[key] ?? register(key)
        var claims: [ObjectKey] = []
        for case .claim(_, let claim) in pod.volumes { claims.append(ObjectKey(pod.key.namespace, claim)) }
        return PlacementDemand(classIndex: index, claims: claims)
    }

    /// The requests behind a demand.
    public func requests(of demand: PlacementDemand) -> Resources { classes[Int(demand.classIndex)].requests }

    /// Puts a pod on a node, whether it fits or not.
    public mutating func assume(_ demand: PlacementDemand, on node: Int, isTerminating: Bool = false) {
        charge(demand, node, sign: 1)
        count(demand, node, all: 1, alive: isTerminating ? 0 : 1)
    }

    /// Takes a pod from a node.
    public mutating func forget(_ demand: PlacementDemand, on node: Int, isTerminating: Bool = false) {
        charge(demand, node, sign: -1)
        count(demand, node, all: -1, alive: isTerminating ? 0 : -1)
    }

    /// A pod on the node has begun to terminate: it still uses resources, but spread no longer counts it.
    public mutating func beginTermination(_ demand: PlacementDemand, on node: Int) {
        count(demand, node, all: 0, alive: -1)
    }

    private mutating func charge(_ demand: PlacementDemand, _ node: Int, sign: Int64) {
        let index = Int(demand.classIndex)
        rooms[node].take(classes[index].requests, sign: sign)
        rooms[node].weigh()
        for (name, amount) in classes[index].requests.extended {
            let used = entries[node].usedExtended[name, default: 0]
            entries[node].usedExtended[name] = used.addingSaturated(amount.multipliedSaturated(by: sign))
        }
        for port in classes[index].ports { entries[node].ports[port, default: 0] += Int(sign) }
    }

    private mutating func count(_ demand: PlacementDemand, _ node: Int, all: Int32, alive: Int32) {
        let index = Int(demand.classIndex)
        var placed = classes[index].placed[Int32(node)] ?? (0, 0)
        placed.all += all
        placed.alive += alive
        classes[index].placed[Int32(node)] = placed.all == 0 && placed.alive == 0 ? nil : placed
        for term in classes[index].matches {
            terms[Int(term)].count(axes[terms[Int(term)].key.axis].domain(node), all: all, alive: alive)
        }
        guard all != 0 else { return }
        for term in classes[index].antiAffinity {
            terms[term].hold(axes[terms[term].key.axis].domain(node), all)
        }
    }

    // MARK: Classes and terms

    private mutating func register(_ key: PlacementClassKey) -> Int32 {
        var new = PlacementClass(
            namespace: key.namespace, labels: key.labels, requests: key.requests,
            requirement: intern(NodeRequirement(key.constraints)), ports: key.constraints.hostPorts,
            isGated: key.constraints.isGated)
        for constraint in key.constraints.topologySpread where constraint.isHard {
            new.spreads.append(spread(constraint, key))
        }
        for term in key.constraints.podAffinity {
            let index = intern(term, namespace: key.namespace)
            new.affinity.append(index)
            let matches = terms[index].key.matches(namespace: key.namespace, labels: key.labels)
            new.matchesOwnAffinity = new.matchesOwnAffinity && matches && term.selector != nil
        }
        for term in key.constraints.podAntiAffinity where term.selector != nil {
            new.antiAffinity.append(intern(term, namespace: key.namespace))
        }
        let index = Int32(classes.count)
        for term in termsThatMatch(key) {
            new.matches.append(term)
            terms[Int(term)].classes.append(index)
        }
        classes.append(new)
        classIndex[key] = index
        classesByNamespace[key.namespace, default: []].append(index)
        return index
    }

    /// Terms by one of their labels, so that a class looks at few of them.
    private func termsThatMatch(_ key: PlacementClassKey) -> [Int32] {
        var candidates = termsWithoutLabel
        if !termsByLabel.isEmpty {
            for (label, value) in key.labels { candidates += termsByLabel[LabelPair(label: label, value: value)] ?? [] }
        }
        return candidates.sorted().filter {
            terms[Int($0)].key.matches(namespace: key.namespace, labels: key.labels)
        }
    }

    private mutating func spread(
        _ constraint: TopologySpreadConstraint, _ key: PlacementClassKey
    ) -> PlacementClass.Spread {
        let selector = constraint.selector ?? Self.nothing
        let termKey = TermKey(axis: axis(constraint.topologyKey), namespaces: [key.namespace], selector: selector)
        return PlacementClass.Spread(
            term: intern(termKey), maxSkew: Int32(constraint.maxSkew), minDomains: constraint.minDomains,
            matchesItself: selector.matches(key.labels), honorsAffinity: constraint.honorsNodeAffinity,
            honorsTaints: constraint.honorsNodeTaints)
    }

    private static let nothing = LabelSelector(matchExpressions: [SelectorRequirement("", .isIn, [])])

    private mutating func intern(_ term: PodAffinityTerm, namespace: String) -> Int {
        let namespaces: Set<String>? =
            term.allNamespaces ? nil : term.namespaces.isEmpty ? [namespace] : Set(term.namespaces)
        return intern(
            TermKey(axis: axis(term.topologyKey), namespaces: namespaces, selector: term.selector ?? Self.nothing))
    }

    private mutating func intern(_ requirement: NodeRequirement) -> Int {
        if let known = requirementIndex[requirement] { return known }
        requirementIndex[requirement] = requirements.count
        requirements.append(requirement)
        verdicts.append(NodeVerdicts())
        return requirements.count - 1
    }

    private mutating func axis(_ key: String) -> Int {
        if let known = axisIndex[key] { return known }
        var axis = TopologyAxis(key: key)
        for index in entries.indices where entries[index].isPresent {
            axis.place(index, labels: entries[index].node.labels)
        }
        axisIndex[key] = axes.count
        axes.append(axis)
        return axes.count - 1
    }

    private mutating func intern(_ key: TermKey) -> Int {
        if let known = termIndex[key] { return known }
        let index = terms.count
        termIndex[key] = index
        terms.append(PlacementTerm(key: key))
        if let least = key.selector.matchLabels.min(by: { $0.key < $1.key }) {
            termsByLabel[LabelPair(label: least.key, value: least.value), default: []].append(Int32(index))
        } else {
            termsWithoutLabel.append(Int32(index))
        }
        let candidates = key.namespaces.map { $0.sorted().flatMap { classesByNamespace[$0] ?? [] } }
        for candidate in candidates ?? classes.indices.map(Int32.init) { recruit(candidate, to: index) }
        return index
    }

    private mutating func recruit(_ candidate: Int32, to term: Int) {
        let position = Int(candidate)
        guard terms[term].key.matches(namespace: classes[position].namespace, labels: classes[position].labels)
        else { return }
        classes[position].matches.append(Int32(term))
        terms[term].classes.append(candidate)
        for (node, placed) in classes[position].placed {
            let domain = axes[terms[term].key.axis].domain(Int(node))
            terms[term].count(domain, all: placed.all, alive: placed.alive)
        }
    }
}
