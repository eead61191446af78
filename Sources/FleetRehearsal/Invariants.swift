public import FleetModel
public import FleetRun
public import FleetSimulation

/// What must hold in every run, whatever the cluster, the timings and the faults.
///
/// Its arithmetic is its own, from the simulated cluster's objects: a rule that the governor or the planner gets wrong
/// would be wrong here too if they shared it.
public struct Invariants: Sendable {
    /// What did not hold, in order.
    public internal(set) var violations: [String] = []
    /// Whether health may change behind the budgets' status, as when a probe fails while the disruption controller
    /// stands still: an eviction by that status is then nobody's fault.
    public var toleratesStaleHealth = false

    let policy: WavePolicy
    let evictions: EvictionPolicy
    let before: ClusterSnapshot
    private let permitsOverride: Bool
    private var drainsSince: [NodeName: Instant] = [:]
    private var passed: Set<ObjectUID> = []
    /// When nodes were begun within the last minute.
    private var begun: [Instant] = []
    private(set) var inHand: Set<NodeName> = []
    private(set) var setAside: Set<NodeName> = []
    private(set) var finished: Set<NodeName> = []
    private(set) var drained: Set<NodeName> = []
    var isRolledBack = false
    private(set) var accepted: Set<ObjectUID> = []

    /// Watches a run of an order that begins with the cluster as it is.
    public init(_ order: RunOrder, before: ClusterSnapshot) {
        policy = order.policy
        evictions = order.settings.evictions
        permitsOverride = order.settings.permitsBudgetOverride
        self.before = before
    }

    mutating func violate(_ what: String) { violations.append(what) }

    // MARK: - Facts

    /// Takes in a fact before anything is done about it.
    public mutating func take(_ event: RunEvent, in simulation: ClusterSimulation) {
        switch event {
        case .nodeStarted(let start):
            if !inHand.contains(start.node) { checkCaps(start.node, in: simulation) }
            checkRate(at: simulation.now)
            inHand.insert(start.node)
        case .nodeFinished(let finish):
            inHand.remove(finish.node)
            finished.insert(finish.node)
        case .stepStarted(let start): if start.step == "drain" { drainsSince[start.node] = simulation.now }
        case .budgetPassed(let pass): checkPass(pass, in: simulation)
        case .stepFinished(let finish): if finish.step == "drain" { drained.insert(finish.node) }
        case .nodeQuarantined(let fact):
            inHand.remove(fact.node)
            setAside.insert(fact.node)
        case .nodeRetreated(let fact): inHand.remove(fact.node)
        case .nodeReturned(let fact): inHand.remove(fact.node)
        default: break
        }
    }

    /// A run that ends leaves nothing announced and undone.
    mutating func runEnded(leaving acts: Int) {
        if acts > 0 { violate("the run ended with \(acts) acts announced and never done") }
    }

    /// No more nodes are out than the policy permits (safety rule 18).
    private mutating func checkCaps(_ name: NodeName, in simulation: ClusterSimulation) {
        guard let node = simulation.node(name) else { return }
        let nodes = simulation.nodes
        guard !isOut(node) else { return }
        check(nodes.count { isOut($0) } + 1, of: nodes.count, policy.maxUnavailable, "max_unavailable", name)
        let zone = nodes.filter { $0.zone == node.zone }
        check(
            zone.count { isOut($0) } + 1, of: zone.count, policy.maxUnavailablePerZone, "max_unavailable_per_zone", name
        )
        if let pool = node.labels["pool"] {
            let pool = (name: pool, nodes: nodes.filter { $0.labels["pool"] == pool })
            let out = pool.nodes.count { isOut($0) } + 1
            if let bound = policy.maxUnavailablePerPool {
                check(out, of: pool.nodes.count, bound, "max_unavailable_per_pool", name)
            }
            if let least = policy.minAvailable[Pool(pool.name)], pool.nodes.count - out < least {
                violate("\(name) was begun though pool \(pool.name) keeps \(least)")
            }
        }
        if inHand.count >= policy.parallelism { violate("\(name) was begun beyond parallelism \(policy.parallelism)") }
    }

    /// No more nodes are begun within any minute than the policy says.
    private mutating func checkRate(at time: Instant) {
        guard let most = policy.startsPerMinute else { return }
        begun.removeAll { $0 + .seconds(60) <= time }
        begun.append(time)
        if begun.count > most {
            violate("\(begun.count) nodes were begun within a minute; starts_per_minute is \(most)")
        }
    }

    private func isOut(_ node: Node) -> Bool {
        node.isCordoned || node.readiness != .ready || inHand.contains(node.name) || setAside.contains(node.name)
    }

    private mutating func check(_ out: Int, of total: Int, _ bound: CountOrPercent, _ key: String, _ name: NodeName) {
        let limit =
            switch bound {
            case .count(let count): count
            case .percent(let percent): max(1, total * percent / 100)
            }
        if out > limit { violate("\(name) was begun as number \(out) of \(total) out of service; \(key) is \(bound)") }
    }

    // MARK: - Evictions

    /// A budget is passed only for pods that the playbook names, when their time is over, where that was permitted
    /// (safety rule 11).
    private mutating func checkPass(_ pass: RunEvent.BudgetPassed, in simulation: ClusterSimulation) {
        let reference = pass.request.pod
        passed.insert(reference.uid)
        if !permitsOverride { violate("\(reference.key) was to be deleted past its budget, and nobody permitted it") }
        let began = drainsSince[pass.request.node] ?? .epoch
        if simulation.now < began + evictions.timeout {
            violate("\(reference.key) was to be deleted before its time was over")
        }
        guard let pod = simulation.pod(reference.key), pod.uid == reference.uid else { return }
        if evictions.stuck.action(forLabels: pod.labels) != .delete {
            violate("no selector names \(reference.key) for deletion")
        }
        if pod.gracePeriodSeconds == 0 { violate("\(reference.key) was to be deleted with grace 0") }
    }

    /// A request that goes past budgets says so first, and leaves the pod its own grace.
    mutating func check(_ request: ClusterRequest) {
        guard case .deletePod(let pod, let grace) = request else { return }
        if !passed.contains(pod.uid) { violate("\(pod.key) was deleted without a word") }
        if grace != nil { violate("\(pod.key) was deleted with another grace than its own") }
    }

    /// A pod as it was before fleet asked for its eviction.
    public struct Witness: Sendable {
        let pod: PodReference
        let found: Pod?
    }

    /// The pod of an eviction before it is asked for; nil for other requests.
    func witness(of request: ClusterRequest, in simulation: ClusterSimulation) -> Witness? {
        guard case .evict(let pod, _) = request else { return nil }
        return Witness(pod: pod, found: simulation.pod(pod.key))
    }

    /// The cluster answered an eviction; `simulation` is as it stands right after.
    mutating func evicted(_ witness: Witness, _ reply: SimulationReply, in simulation: ClusterSimulation) {
        guard let pod = witness.found, pod.uid == witness.pod.uid else { return }
        if accepted.contains(pod.uid) { violate("\(pod.key) (\(pod.uid)) was evicted twice") }
        if let node = pod.nodeName, !inHand.contains(node) {
            violate("\(pod.key) was evicted from \(node), which is not in hand")
        }
        let isGoing = simulation.pod(pod.key).map { $0.uid != pod.uid || $0.isTerminating } ?? true
        guard isGoing, !pod.isTerminating else { return }
        accepted.insert(pod.uid)
        checkFlight(pod, in: simulation)
        guard pod.isReady, !toleratesStaleHealth else { return }
        let census = Census(simulation)
        let budgets = simulation.budgets.filter { $0.selects(pod) }
        for budget in budgets { checkHealth(under: budget, census, pod) }
        if budgets.isEmpty { checkUnprotected(pod, census) }
    }

    private mutating func checkHealth(under budget: PodDisruptionBudget, _ census: Census, _ pod: Pod) {
        let (healthy, desired) = census.health(under: budget)
        if healthy < desired {
            violate(
                "evicting \(pod.key) left budget \(budget.key) with \(healthy) healthy pods of \(desired) that it needs"
            )
        }
    }

    /// Without a budget at most a quarter (or what the playbook says), at least one, never a single replica (rule 12).
    private mutating func checkUnprotected(_ pod: Pod, _ census: Census) {
        guard let workload = census.top(of: pod), !evictions.downtime.contains(workload.reference.key) else { return }
        let ready = census.pods(of: workload).count { $0.isReady && !$0.isTerminating }
        let share =
            switch evictions.withoutBudget {
            case .count(let count): count
            case .percent(let percent): workload.replicas * percent / 100
            }
        let limit = workload.replicas <= 1 ? 0 : max(1, share)
        if workload.replicas - ready > limit {
            violate(
                "evicting \(pod.key) left \(workload.reference) with \(ready) of \(workload.replicas); \(limit) may be out"
            )
        }
    }
}
