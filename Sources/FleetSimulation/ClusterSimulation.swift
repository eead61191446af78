public import FleetModel

/// A Kubernetes cluster, its controllers and its hosts as one value on a virtual clock.
///
/// No I/O, no clock, no randomness but the seeded generator inside: the same snapshot, settings and commands give the
/// same changes. Whoever owns the value moves its time with `advance(to:)`, at the latest when `nextDue` comes.
public struct ClusterSimulation: Sendable {
    var cluster: SimulatedCluster

    /// A cluster in a snapshot's state; hosts are derived from its Nodes, and controllers start settled.
    public init(snapshot: ClusterSnapshot, settings: SimulationSettings = SimulationSettings()) {
        cluster = SimulatedCluster(settings: settings, at: snapshot.takenAt)
        cluster.load(snapshot)
    }

    /// Where the virtual clock stands.
    public var now: Instant { cluster.now }

    /// When an actor has something to do next; nil when all are idle.
    public var nextDue: Instant? { cluster.queue.nextDue }

    /// The version of the last change.
    public var resourceVersion: Int64 { cluster.resourceVersion }

    /// Lets the actors work up to an instant; returns what changed, in order.
    public mutating func advance(to instant: Instant) -> [SimulationChange] {
        cluster.run(until: instant)
        return cluster.takeChanges()
    }

    /// Carries out a command at an instant, after what the actors do before it.
    public mutating func apply(_ command: SimulationCommand, at instant: Instant) -> SimulationReaction {
        cluster.run(until: instant)
        let (reply, delay) = cluster.perform(command)
        return SimulationReaction(reply: reply, delay: delay, changes: cluster.takeChanges())
    }

    // MARK: Reads

    /// All Nodes, by name.
    public var nodes: [Node] { cluster.allNodes() }

    /// All Pods, by namespace and name.
    public var pods: [Pod] { cluster.allPods() }

    /// All PodDisruptionBudgets, by namespace and name.
    public var budgets: [PodDisruptionBudget] { cluster.allBudgets() }

    /// All workloads, by kind, namespace and name.
    public var workloads: [Workload] { cluster.allWorkloads() }

    /// All hosts, by name.
    public var hosts: [HostState] { cluster.allHosts() }

    /// One host.
    public func host(_ name: NodeName) -> HostState? { cluster.host(name) }

    /// One Node.
    public func node(_ name: NodeName) -> Node? { cluster.node(name) }

    /// One Pod.
    public func pod(_ key: ObjectKey) -> Pod? { cluster.pod(key) }

    /// One budget.
    public func budget(_ key: ObjectKey) -> PodDisruptionBudget? { cluster.budget(key) }

    /// The pods bound to a node, by namespace and name.
    public func pods(on node: NodeName) -> [Pod] { cluster.pods(on: node) }

    /// One object of any kind, as it is stored.
    public func stored(_ identity: ObjectIdentity) -> StoredObject? { cluster.stored(identity) }

    /// All objects of a kind, by key; of every namespace.
    public func stored(_ kind: SimulationKind) -> [StoredObject] { cluster.stored(kind) }

    /// The whole state in the model's words.
    public func snapshot() -> ClusterSnapshot { cluster.snapshot() }
}
