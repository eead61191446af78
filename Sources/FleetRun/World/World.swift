public import FleetModel

/// The cluster as last observed, with the indexes that the machines ask for.
///
/// Changes are applied one by one; nothing here scans all pods per change.
public struct World: Sendable {
    /// Whether a whole snapshot has been seen.
    public private(set) var isSynchronized = false
    /// The Nodes.
    public private(set) var nodes: [NodeName: Node] = [:]
    /// The Pods by UID.
    public private(set) var pods: [ObjectUID: Pod] = [:]
    /// The budgets.
    public private(set) var budgets: [ObjectKey: PodDisruptionBudget] = [:]
    /// The workloads by UID.
    public private(set) var workloads: [ObjectUID: Workload] = [:]
    /// The autoscalers.
    public private(set) var autoscalers: [ObjectKey: PodAutoscaler] = [:]
    /// The claims, as of the last snapshot.
    public private(set) var claims: [ObjectKey: PersistentVolumeClaim] = [:]
    /// The volumes by name, as of the last snapshot.
    public private(set) var volumes: [String: PersistentVolume] = [:]
    /// The volume attachments by name.
    public private(set) var attachments: [String: VolumeAttachment] = [:]

    /// The Nodes that are cordoned or not Ready.
    public private(set) var unavailableNodes: Set<NodeName> = []
    /// How many Nodes each zone has.
    public private(set) var nodesByZone: [Zone?: Int] = [:]
    /// How many of them are Ready and not of the control plane.
    public private(set) var readyWorkersByZone: [Zone?: Int] = [:]

    private var podsByNode: [NodeName: Set<ObjectUID>] = [:]
    private var podsByController: [ObjectUID: Set<ObjectUID>] = [:]
    private var readyByController: [ObjectUID: Int] = [:]
    /// The Ready pods of each workload on top, through the controllers below it.
    private var readyByWorkload: [ObjectUID: Int] = [:]
    private var unreadyByController: [ObjectUID: Set<ObjectUID>] = [:]
    private var replicasByWorkload: [ObjectUID: Int] = [:]
    /// Kind and name of each workload: asked for far more often than workloads come.
    private var titles: [ObjectUID: String] = [:]
    private var replicaSetsByDeployment: [ObjectUID: [ObjectUID]] = [:]
    private var deploymentByReplicaSet: [ObjectUID: ObjectUID] = [:]
    private var budgetsByNamespace: [String: [String: PodDisruptionBudget]] = [:]
    /// Controllers of unknown kinds; what they wanted is remembered when the cluster is seen anew.
    private var strangers: [ObjectUID: Stranger] = [:]

    /// An empty world that has observed nothing.
    public init() {}

    /// Replaces everything with a snapshot.
    public mutating func synchronize(with snapshot: ClusterSnapshot) {
        let (known, seen) = (strangers, pods)
        self = World()
        strangers = known
        for uid in known.keys { strangers[uid]?.recount() }
        isSynchronized = true
        for node in snapshot.nodes { insert(node) }
        for workload in snapshot.workloads { insert(workload) }
        for pod in snapshot.pods { insert(pod) }
        for pod in snapshot.pods where pod.phase == .succeeded && !pod.isTerminating {
            guard let old = seen[pod.uid], !old.isFinished, !old.isTerminating, let owner = pod.controller else {
                continue
            }
            if let wanted = strangers[owner.uid]?.wanted { strangers[owner.uid]?.wanted = max(0, wanted - 1) }
        }
        for budget in snapshot.budgets { insert(budget) }
        for autoscaler in snapshot.autoscalers { autoscalers[autoscaler.key] = autoscaler }
        for claim in snapshot.claims { claims[claim.key] = claim }
        for volume in snapshot.volumes { volumes[volume.name] = volume }
        for attachment in snapshot.attachments { attachments[attachment.name] = attachment }
    }

    /// Takes in one change.
    public mutating func apply(_ change: ClusterChange) {
        switch change {
        case .node(let node): insert(node)
        case .nodeDeleted(let name, let uid): if nodes[name]?.uid == uid { removeNode(name) }
        case .pod(let pod): insert(pod)
        case .podDeleted(let reference): removePod(reference.uid)
        case .budget(let budget): insert(budget)
        case .budgetDeleted(let key):
            budgets[key] = nil
            budgetsByNamespace[key.namespace]?[key.name] = nil
        case .workload(let workload): insert(workload)
        case .workloadDeleted(let reference): removeWorkload(reference.uid)
        case .autoscaler(let autoscaler): autoscalers[autoscaler.key] = autoscaler
        case .autoscalerDeleted(let key): autoscalers[key] = nil
        case .attachment(let attachment): attachments[attachment.name] = attachment
        case .attachmentDeleted(let name): attachments[name] = nil
        }
    }

    // MARK: - Questions

    /// The pods bound to a node, by namespace and name.
    public func pods(on node: NodeName) -> [Pod] {
        (podsByNode[node] ?? []).compactMap { pods[$0] }.sorted { $0.key < $1.key }
    }

    /// The workload that decides how many of these pods there are: the Deployment above a ReplicaSet, else the
    /// controller itself; nil for bare pods and kinds that fleet does not know.
    public func workload(of pod: Pod) -> Workload? {
        guard let owner = pod.controller, let workload = workloads[owner.uid] else { return nil }
        if let above = workload.controller, let deployment = workloads[above.uid] { return deployment }
        return workload
    }

    /// The UID of the workload above a pod, as `workload(of:)` finds it, or of the unknown controller; nil for bare pods.
    public func workloadUID(of pod: Pod) -> ObjectUID? {
        guard let owner = pod.controller?.uid else { return nil }
        guard let above = deploymentByReplicaSet[owner], replicasByWorkload[above] != nil else { return owner }
        return above
    }

    /// The workloads above the pods that are bound to a node, by UID.
    public func workloads(on node: NodeName) -> Set<ObjectUID> {
        Set((podsByNode[node] ?? []).lazy.compactMap { pods[$0].flatMap { workloadUID(of: $0) } })
    }

    /// All pods of a workload, through its ReplicaSets for a Deployment.
    public func pods(of workload: ObjectUID) -> [Pod] {
        let owners = replicaSetsByDeployment[workload] ?? []
        return (owners + [workload]).flatMap { podsByController[$0] ?? [] }.compactMap { pods[$0] }
    }

    /// How many pods a workload should have; nil when it is gone.
    public func replicas(of workload: ObjectUID) -> Int? { replicasByWorkload[workload] }

    /// How many pods a workload should have; an unknown controller, the most that it had at once.
    ///
    /// Nil when nothing is known of it.
    func wantedPods(of workload: ObjectUID) -> Int? { replicasByWorkload[workload] ?? strangers[workload]?.wanted }

    /// The same for verification: a workload that was deleted wants none back.
    func awaitedPods(of workload: ObjectUID) -> Int? {
        replicasByWorkload[workload] ?? strangers[workload].flatMap { $0.isForeign ? $0.wanted : nil }
    }

    /// Kind and name of a workload, or of a controller of an unknown kind.
    func title(of workload: ObjectUID) -> String? {
        titles[workload] ?? strangers[workload]?.title
    }

    /// Namespace and name of the same.
    func key(of workload: ObjectUID) -> ObjectKey? {
        workloads[workload]?.reference.key ?? strangers[workload]?.key
    }

    /// The controller of an unknown kind behind a pod; nil for others.
    func stranger(behind pod: Pod) -> String? {
        pod.controller.flatMap { strangers[$0.uid] }.flatMap { $0.isForeign ? $0.title : nil }
    }

    /// What an earlier process saw of a controller of an unknown kind: that it had so many pods.
    mutating func remember(_ controller: String, _ uid: ObjectUID, pods: Int) {
        strangers[uid, default: Stranger(title: controller)].wanted = max(pods, strangers[uid]?.wanted ?? 0)
    }

    /// The controllers of unknown kinds that have fewer pods than they are taken to want.
    var shortStrangers: [ObjectUID] {
        // A Node owns its mirror pods, and goes with them.
        strangers.filter { $0.value.isForeign && $0.value.pods < $0.value.wanted && !$0.value.title.hasPrefix("Node ") }
            .map(\.key)
    }

    /// Takes what such a controller has for what it wants where it has had less for long; true when that changed.
    ///
    /// - Parameter lost: How many of its pods the run took, in place of which none came.
    mutating func ageStranger(_ uid: ObjectUID, at now: Instant, lost: Int) -> Bool {
        strangers[uid]?.age(at: now, lost: lost) ?? false
    }

    /// Whether such a controller has had the fewer pods for long, so that ``ageStranger(_:at:lost:)`` has to judge it.
    func isLongShort(_ uid: ObjectUID, at now: Instant) -> Bool { strangers[uid]?.isLongShort(at: now) ?? false }

    /// Whether nothing but its pods tells what a controller wants.
    func isForeign(_ workload: ObjectUID) -> Bool { strangers[workload]?.isForeign == true }

    /// How many of a workload's pods are Ready and not on their way out.
    public func readyPods(of workload: ObjectUID) -> Int { readyByWorkload[workload] ?? 0 }

    /// A workload's pods that are not Ready.
    public func unreadyPods(of workload: ObjectUID) -> [Pod] {
        var unready: [Pod] = []
        forEachUnreadyPod(of: workload) { unready.append($0) }
        return unready
    }

    /// Why a workload's pods are Pending, each reason once, sorted.
    func pendingReasons(of workload: ObjectUID) -> [String] {
        var reasons: Set<String> = []
        forEachUnreadyPod(of: workload) { if !$0.pendingReason.isEmpty { reasons.insert($0.pendingReason) } }
        return reasons.isEmpty ? [] : reasons.sorted()
    }

    private func forEachUnreadyPod(of workload: ObjectUID, _ body: (Pod) -> Void) {
        func visit(_ controller: ObjectUID) {
            guard let unready = unreadyByController[controller], !unready.isEmpty else { return }
            for uid in unready { if let pod = pods[uid] { body(pod) } }
        }
        for replicaSet in replicaSetsByDeployment[workload] ?? [] { visit(replicaSet) }
        visit(workload)
    }

    /// The budgets that select a pod, by name.
    public func budgets(selecting pod: Pod) -> [PodDisruptionBudget] {
        var selecting: [PodDisruptionBudget] = []
        for budget in (budgetsByNamespace[pod.key.namespace] ?? [:]).values where budget.selects(pod) {
            selecting.append(budget)
        }
        return selecting.count < 2 ? selecting : selecting.sorted { $0.key < $1.key }
    }

    /// The claims that a pod's volumes name, as far as they were there when the cluster was listed.
    public func claims(of pod: Pod) -> [PersistentVolumeClaim] {
        pod.volumes.compactMap { volume in
            if case .claim(_, let name) = volume { claims[ObjectKey(pod.key.namespace, name)] } else { nil }
        }
    }

    /// Whether a hostPath or a local volume holds the pod's data, so that it cannot follow the pod (D7).
    public func keepsDataOnNode(_ pod: Pod) -> Bool {
        pod.volumes.contains { volume in
            switch volume {
            case .emptyDir: false
            case .hostPath: true
            case .claim(_, let claim):
                claims[ObjectKey(pod.key.namespace, claim)].flatMap { volumes[$0.volumeName] }?.isLocal ?? false
            }
        }
    }

    /// The autoscaler that scales a workload.
    public func autoscaler(of workload: Workload) -> PodAutoscaler? {
        autoscalers.values.first {
            $0.key.namespace == workload.reference.key.namespace && $0.targetName == workload.reference.key.name
                && $0.targetKind == workload.reference.kind.rawValue
        }
    }

    /// The attachments of a node.
    public func attachments(on node: NodeName) -> [VolumeAttachment] {
        attachments.values.filter { $0.nodeName == node }.sorted { $0.name < $1.name }
    }

    // MARK: - Indexes

    private mutating func insert(_ node: Node) {
        let old = nodes.updateValue(node, forKey: node.name)
        if let old { count(old, by: -1) }
        count(node, by: 1)
        if node.isCordoned || !node.isReady {
            unavailableNodes.insert(node.name)
        } else {
            unavailableNodes.remove(node.name)
        }
    }

    private mutating func count(_ node: Node, by step: Int) {
        let zone = node.zone
        nodesByZone[zone, default: 0] += step
        if node.isReady, !node.hasControlPlaneRole { readyWorkersByZone[zone, default: 0] += step }
    }

    private mutating func removeNode(_ name: NodeName) {
        guard let node = nodes.removeValue(forKey: name) else { return }
        count(node, by: -1)
        unavailableNodes.remove(name)
    }

    private mutating func insert(_ pod: Pod) {
        let old = pods.updateValue(pod, forKey: pod.uid)
        if old?.nodeName != pod.nodeName {
            if let node = old?.nodeName { podsByNode[node]?.remove(pod.uid) }
            if let node = pod.nodeName { podsByNode[node, default: []].insert(pod.uid) }
        }
        let isOwned = old?.controller?.uid == pod.controller?.uid
        if let owner = pod.controller, replicasByWorkload[owner.uid] == nil {
            strangers[owner.uid, default: Stranger(owner, in: pod.key.namespace)].note(pod, from: isOwned ? old : nil)
            if strangers[owner.uid]?.key == nil { strangers[owner.uid]?.key = ObjectKey(pod.key.namespace, owner.name) }
        }
        if !isOwned {
            if let owner = old?.controller { podsByController[owner.uid]?.remove(pod.uid) }
            if let owner = pod.controller { podsByController[owner.uid, default: []].insert(pod.uid) }
        }
        if isOwned, let old, old.isReady == pod.isReady, old.isTerminating == pod.isTerminating { return }
        if let old { count(old, by: -1) }
        count(pod, by: 1)
    }

    private mutating func count(_ pod: Pod, by step: Int) {
        guard let owner = pod.controller else { return }
        if pod.isReady {
            if !pod.isTerminating { addReady(step, to: owner.uid) }
        } else if step > 0 {
            unreadyByController[owner.uid, default: []].insert(pod.uid)
        } else {
            unreadyByController[owner.uid]?.remove(pod.uid)
        }
    }

    private mutating func addReady(_ pods: Int, to controller: ObjectUID) {
        readyByController[controller, default: 0] += pods
        readyByWorkload[controller, default: 0] += pods
        if let above = deploymentByReplicaSet[controller] { readyByWorkload[above, default: 0] += pods }
    }

    private mutating func removePod(_ uid: ObjectUID) {
        guard let pod = pods.removeValue(forKey: uid) else { return }
        count(pod, by: -1)
        if let node = pod.nodeName { podsByNode[node]?.remove(uid) }
        if let owner = pod.controller {
            podsByController[owner.uid]?.remove(uid)
            strangers[owner.uid]?.forget(pod)
        }
    }

    private mutating func insert(_ workload: Workload) {
        let uid = workload.reference.uid
        if workloads.updateValue(workload, forKey: uid) == nil { titles[uid] = workload.reference.description }
        replicasByWorkload[uid] = workload.replicas
        guard let above = workload.controller?.uid else { return }
        let old = deploymentByReplicaSet.updateValue(above, forKey: uid)
        guard old != above else { return }
        if let old { detach(uid, from: old) }
        replicaSetsByDeployment[above, default: []].append(uid)
        readyByWorkload[above, default: 0] += readyByController[uid] ?? 0
    }

    private mutating func detach(_ replicaSet: ObjectUID, from deployment: ObjectUID) {
        replicaSetsByDeployment[deployment]?.removeAll { $0 == replicaSet }
        readyByWorkload[deployment, default: 0] -= readyByController[replicaSet] ?? 0
    }

    private mutating func removeWorkload(_ uid: ObjectUID) {
        guard workloads.removeValue(forKey: uid) != nil else { return }
        replicasByWorkload[uid] = nil
        titles[uid] = nil
        if let above = deploymentByReplicaSet.removeValue(forKey: uid) { detach(uid, from: above) }
    }

    private mutating func insert(_ budget: PodDisruptionBudget) {
        budgets[budget.key] = budget
        budgetsByNamespace[budget.key.namespace, default: [:]][budget.key.name] = budget
    }
}

extension World {
    /// How the Ready workers spread over the zones now, in words (E14).
    var zoneBalance: String {
        let counts = readyWorkersByZone.filter { $0.value > 0 }.map { ($0.key?.rawValue ?? "(none)", $0.value) }
        return "Ready workers by zone: "
            + counts.sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}
