import FleetModel

/// The state behind `ClusterSimulation`; each actor is an extension in a file of its own.
struct SimulatedCluster: Sendable {
    let settings: SimulationSettings
    var random: RandomSource
    var now: Instant
    var resourceVersion: Int64 = 1000
    var queue = EventQueue()
    var changes: [SimulationChange] = []
    var clusterUID: ObjectUID = ""
    var serverVersion = ""

    var pods: [PodRecord] = []
    var podIndex: [ObjectKey: Int] = [:]
    var freePods: [Int] = []
    var nodes: [NodeRecord] = []
    var placement = PlacementState()
    var hosts: [NodeName: HostRecord] = [:]
    /// Pods whose Node is gone, by the Node's name.
    var orphans: [NodeName: [Int]] = [:]
    var owners: [OwnerRecord] = []
    var ownerIndex: [ObjectUID: Int] = [:]
    var workloads: [WorkloadRecord] = []
    var workloadIndex: [ObjectIdentity: Int] = [:]
    var daemonSets: [Int] = []
    var budgets: [BudgetRecord] = []
    var budgetIndex: [ObjectKey: Int] = [:]
    var budgetLookup = BudgetLookup()
    var namespaces: [String: PlainRecord<SimulatedNamespace>] = [:]
    var autoscalers: [ObjectKey: PlainRecord<PodAutoscaler>] = [:]
    var claims: [ObjectKey: PlainRecord<PersistentVolumeClaim>] = [:]
    var volumes: [String: PlainRecord<PersistentVolume>] = [:]
    var attachments: [String: PlainRecord<VolumeAttachment>] = [:]
    /// Names of a volume's attachments.
    var attachmentNames: [String: [String]] = [:]

    var scheduler = SchedulerMemory()
    var answers: [(pattern: RequestPattern, answer: FaultAnswer, count: Int)] = []
    var paused: Set<SimulationController> = []
    var parked: [SimulationController: [Task]] = [:]
    /// False while a snapshot is loaded: nothing is a change then.
    var isRecording = true

    init(settings: SimulationSettings, at instant: Instant) {
        self.settings = settings
        random = RandomSource(seed: settings.seed)
        now = instant
    }

    /// Lets the actors work up to an instant.
    mutating func run(until limit: Instant) {
        while let due = queue.take(until: limit) {
            if due.instant > now { now = due.instant }
            if let controller = due.task.controller, paused.contains(controller) {
                parked[controller, default: []].append(due.task)
            } else {
                perform(due.task)
            }
        }
        if limit > now { now = limit }
    }

    /// Hands over the changes since the last time.
    mutating func takeChanges() -> [SimulationChange] {
        let result = changes
        changes.removeAll(keepingCapacity: result.count < 4096)
        return result
    }

    /// Puts a task on the clock.
    mutating func plan(_ task: Task, after delay: Duration) { queue.add(task, at: now + delay) }

    private mutating func perform(_ task: Task) {
        switch task {
        case .schedulePod(let pod, let token): schedule(pod, token: token)
        case .kubeletStep(let pod, let token): stepKubelet(pod, token: token)
        case .taintEviction(let pod, let token): evictForTaint(pod, token: token)
        case .syncWorkload(let workload): sync(workload: workload)
        case .syncOwner(let owner): sync(owner: owner)
        case .syncDaemons(let node, let token): syncDaemons(onNode: node, token: token)
        case .syncBudget(let budget): sync(budget: budget)
        case .lifecycleNode(let node, let token): reconcileTaints(node, token: token)
        case .heartbeatLost(let name, let boot): loseHeartbeat(name, boot: boot)
        case .kubeletStarted(let name, let boot): finishKubeletStart(name, boot: boot)
        case .powerOn(let name, let boot): powerOn(name, boot: boot)
        case .collectOrphans(let name): collectOrphans(of: name)
        case .collectOutOfService(let node, let token): collectOutOfService(node, token: token)
        case .releaseVolume(let node, let volume): releaseVolume(volume, node)
        case .detachVolume(let node, let volume): detachVolume(volume, node)
        case .emptyNamespace(let name): emptyNamespace(name)
        case .recreateMirror(let pod): recreateMirror(pod)
        }
    }

    // MARK: Recording

    /// The next version of the one global counter.
    mutating func nextVersion() -> Int64 {
        resourceVersion += 1
        return resourceVersion
    }

    mutating func record(_ event: SimulationChange.Event, _ stored: StoredObject) {
        guard isRecording else { return }
        changes.append(SimulationChange(instant: now, event: event, stored: stored))
    }

    // MARK: Pods' node and owner lists

    mutating func link(_ index: Int, node: Int) {
        pods[index].node = node
        pods[index].nodePosition = nodes[node].pods.count
        nodes[node].pods.append(Int32(index))
    }

    mutating func unlinkNode(_ index: Int) {
        let node = pods[index].node
        guard node >= 0 else { return }
        let position = pods[index].nodePosition
        let last = nodes[node].pods.removeLast()
        if Int(last) != index {
            nodes[node].pods[position] = last
            pods[Int(last)].nodePosition = position
        }
        pods[index].node = -1
    }

    mutating func link(_ index: Int, owner: Int) {
        pods[index].owner = owner
        pods[index].ownerPosition = owners[owner].pods.count
        owners[owner].pods.append(Int32(index))
    }

    mutating func unlinkOwner(_ index: Int) {
        let owner = pods[index].owner
        guard owner >= 0 else { return }
        let position = pods[index].ownerPosition
        let last = owners[owner].pods.removeLast()
        if Int(last) != index {
            owners[owner].pods[position] = last
            pods[Int(last)].ownerPosition = position
        }
        pods[index].owner = -1
    }

    /// The index of whoever has the controller's UID.
    mutating func owner(_ reference: ControllerReference, namespace: String) -> Int {
        if let known = ownerIndex[reference.uid] { return known }
        ownerIndex[reference.uid] = owners.count
        owners.append(OwnerRecord(reference: reference, namespace: namespace))
        return owners.count - 1
    }

    // MARK: Work queues

    mutating func enqueue(workload index: Int) {
        guard index >= 0, !workloads[index].syncPending else { return }
        workloads[index].syncPending = true
        plan(.syncWorkload(index), after: settings.workloadController)
    }

    mutating func enqueue(budget index: Int) {
        guard !budgets[index].syncPending else { return }
        budgets[index].syncPending = true
        plan(.syncBudget(index), after: settings.disruptionController)
    }

    mutating func enqueueLifecycle(_ node: Int) {
        guard !nodes[node].lifecyclePending else { return }
        nodes[node].lifecyclePending = true
        plan(.lifecycleNode(node, token: nodes[node].token), after: settings.nodeTainting)
    }
}
