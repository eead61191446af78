import FleetModel

@testable import FleetRun

/// A random ledger: budgets, workloads and pods on draining nodes, a cluster that answers, and a book of its own that
/// says for each waiting pod whether something permits it to stay.
///
/// The book is kept from the rules of safety and the API's semantics, never with the governor's code.
struct LedgerPlay {
    private struct App {
        let workload: Workload
        let desired: Int?
        var key: ObjectKey { workload.reference.key }
        var uid: ObjectUID { workload.reference.uid }
    }

    private var chance: Chance
    private let policy: EvictionPolicy
    private let apart: Bool
    private var apps: [App] = []
    private var world = World()
    private var governor: Governor
    private var now = Instant(seconds: 5_000)
    private var births = 0
    /// Pods on the draining nodes that are not gone, and the order of each.
    private var orders: [ObjectUID: Int] = [:]
    /// Pods that were asked to go and are not gone.
    private var asked: Set<ObjectUID> = []
    /// Of those the ones that no status shows yet.
    private var unseen: Set<ObjectUID> = []
    /// The zone whose pods of a workload were asked last, and its Ready pods before.
    private var turns: [ObjectUID: (zone: Zone?, before: Int)] = [:]
    /// What went wrong, in order.
    private(set) var faults: [String] = []
    private(set) var evictions = 0

    init(_ seed: UInt64) {
        chance = Chance(seed)
        let rules =
            chance.has(40)
            ? [EvictionRule(selector: LabelSelector(matchLabels: ["tier": "late"]), action: .evict, order: 1)] : []
        policy = EvictionPolicy(
            rate: Rate(1000, per: .second) ?? .twentyPerSecond, rules: rules,
            order: chance.has(30) ? .priority : .longestQueue, maxInFlight: chance.has(30) ? chance.pick(1...4) : nil,
            maxInFlightPerZone: chance.has(30) ? chance.pick(1...2) : nil)
        apart = chance.has(40)
        governor = Governor(policy: policy, keepsZonesApart: apart)
        build()
    }

    /// Whether every pod has left the draining nodes.
    var isEmpty: Bool { orders.isEmpty }

    // MARK: - The cluster

    private mutating func build() {
        var snapshot = ClusterSnapshot()
        for number in 1...chance.pick(2...5) {
            snapshot.nodes.append(Fixture.node(NodeName("n\(number)"), zone: ["a", "b", "c"][number % 3]))
        }
        snapshot.nodes.append(Fixture.node("spare", zone: "a"))
        for number in 1...chance.pick(1...6) {
            let replicas = chance.pick(2...9)
            let workload = Fixture.deployment("app\(number)", replicas: replicas)
            snapshot.workloads.append(workload)
            let app = App(workload: workload, desired: chance.has(60) ? replicas - chance.pick(1...replicas) : nil)
            apps.append(app)
            for _ in 1...replicas {
                snapshot.pods.append(pod(of: app, on: snapshot.nodes[chance.pick(0...(snapshot.nodes.count - 1))].name))
            }
        }
        for app in apps {
            if let desired = app.desired { snapshot.budgets.append(budget(app, desired, snapshot.pods, [])) }
        }
        world.synchronize(with: snapshot)
        for pod in snapshot.pods where pod.nodeName != "spare" {
            let order = policy.rules.isEmpty || pod.labels["tier"] != "late" ? 0 : 1
            orders[pod.uid] = order
            let node = pod.nodeName ?? "spare"
            governor.add(
                Governor.Candidate(pod: pod.reference, node: node, zone: world.nodes[node]?.zone, order: order),
                in: world)
        }
    }

    private mutating func pod(of app: App, on node: NodeName) -> Pod {
        births += 1
        var pod = Fixture.pod("\(app.key.name)-\(births)", on: node, of: app.workload, labels: ["app": app.key.name])
        if chance.has(40) { pod.labels["tier"] = "late" }
        pod.priority = chance.pick(0...3)
        return pod
    }

    private func budget(_ app: App, _ desired: Int, _ pods: [Pod], _ disrupted: Set<ObjectUID>) -> PodDisruptionBudget {
        let own = pods.filter { $0.controller?.uid == app.uid }
        let healthy = own.count { $0.isReady && !$0.isTerminating && !disrupted.contains($0.uid) }
        let waiting = own.filter { disrupted.contains($0.uid) && !$0.isTerminating }
        return PodDisruptionBudget(
            key: app.key, uid: ObjectUID("uid-pdb-\(app.key.name)"),
            selector: LabelSelector(matchLabels: ["app": app.key.name]), observedGeneration: 1,
            disruptionsAllowed: max(0, healthy - desired), currentHealthy: healthy, desiredHealthy: desired,
            expectedPods: app.workload.replicas,
            disruptedPods: Dictionary(uniqueKeysWithValues: waiting.map { ($0.key.name, now) }))
    }

    // MARK: - Turns

    /// One thing happens, and the governor is asked.
    mutating func step() {
        now = now + .milliseconds(chance.pick(0...400))
        happen()
        let (admissions, deadline) = governor.admit(in: world, at: now)
        for admission in admissions { take(admission) }
        if let deadline {
            if deadline <= now { faults.append("asks for a turn at once") }
            now = deadline
        } else {
            checkWork()
        }
    }

    private mutating func happen() {
        let leaving = asked.compactMap { world.pods[$0] }.sorted { $0.key < $1.key }
        switch chance.pick(0...3) {
        case 0: if let pod = leaving.filter({ !$0.isTerminating }).randomElement(using: &chance) { terminate(pod) }
        case 1: if let pod = leaving.filter(\.isTerminating).randomElement(using: &chance) { end(pod) }
        case 2: mend()
        default: for app in apps where chance.has(70) { resync(app) }
        }
    }

    private mutating func terminate(_ pod: Pod) {
        var pod = pod
        pod.deletionTime = now + .seconds(30)
        world.apply(.pod(pod))
        governor.podChanged(pod, in: world)
        _ = governor.answered(pod.uid, .succeeded, after: .milliseconds(20), in: world, at: now)
        if apps.first(where: { $0.uid == pod.controller?.uid })?.desired == nil { unseen.remove(pod.uid) }
    }

    private mutating func end(_ pod: Pod) {
        world.apply(.podDeleted(pod.reference))
        governor.remove(pod.uid)
        governor.podChanged(pod, in: world)
        asked.remove(pod.uid)
        unseen.remove(pod.uid)
        orders[pod.uid] = nil
    }

    /// A replacement becomes Ready.
    private mutating func mend() {
        for app in apps.shuffled(using: &chance) {
            guard
                world.pods.values.count(where: { $0.controller?.uid == app.uid && !$0.isTerminating })
                    < app.workload.replicas
            else { continue }
            let pod = pod(of: app, on: "spare")
            world.apply(.pod(pod))
            return governor.podChanged(pod, in: world)
        }
    }

    /// The disruption controller writes a budget's status: what was accepted and has not ended is in `disruptedPods`.
    private mutating func resync(_ app: App) {
        guard let desired = app.desired, let old = world.budgets[app.key] else { return }
        let new = budget(app, desired, Array(world.pods.values), asked)
        world.apply(.budget(new))
        governor.budgetChanged(new, from: old, in: world)
        unseen.subtract(world.pods.values.filter { $0.controller?.uid == app.uid }.map(\.uid))
    }

    // MARK: - The book

    private mutating func take(_ admission: Governor.Admission) {
        let uid = admission.candidate.pod.uid
        guard let pod = world.pods[uid], let owner = pod.controller?.uid else {
            return faults.append("\(uid) is no pod")
        }
        if asked.contains(uid) { faults.append("\(pod.key) is asked twice") }
        if let reason = reasonToWait(pod) { faults.append("\(pod.key) is asked although \(reason)") }
        let zone = zone(of: pod)
        if turns[owner]?.zone != zone || isOver(owner) { turns[owner] = (zone, world.readyPods(of: owner)) }
        asked.insert(uid)
        unseen.insert(uid)
        evictions += 1
    }

    /// Whenever a lane has room and nothing else holds its pod back, the pod is in flight.
    private mutating func checkWork() {
        for uid in orders.keys.sorted() where !asked.contains(uid) {
            guard let pod = world.pods[uid], reasonToWait(pod) == nil else { continue }
            faults.append("\(pod.key) waits and nothing holds it back")
        }
    }

    private func zone(of pod: Pod) -> Zone? { pod.nodeName.flatMap { world.nodes[$0]?.zone } }

    private func isOver(_ owner: ObjectUID) -> Bool {
        guard let turn = turns[owner] else { return true }
        if asked.contains(where: { world.pods[$0]?.controller?.uid == owner }) { return false }
        return world.readyPods(of: owner) >= min(world.workloads[owner]?.replicas ?? 0, turn.before)
    }

    private func reasonToWait(_ pod: Pod) -> String? {
        guard let app = apps.first(where: { $0.uid == pod.controller?.uid }) else { return "it is nobody's" }
        let spent = unseen.count { world.pods[$0]?.controller?.uid == app.uid }
        if let budget = world.budgets[app.key] {
            if budget.disruptionsAllowed - spent <= 0 {
                return "its budget allows \(budget.disruptionsAllowed), \(spent) unseen"
            }
        } else {
            let limit = max(1, min(app.workload.replicas / 4, app.workload.replicas - 1))
            let out = app.workload.replicas - world.readyPods(of: app.uid)
            if limit - max(0, out) - spent <= 0 { return "\(limit) may be out, \(out) are, \(spent) unseen" }
        }
        let own = orders[pod.uid] ?? 0
        let sooner = orders.contains { uid, order in order < own && world.pods[uid]?.nodeName == pod.nodeName }
        if sooner { return "pods of lower order are on its node" }
        if let limit = policy.maxInFlight, asked.count >= limit { return "\(limit) pods are leaving" }
        let near = asked.count { world.pods[$0].flatMap(zone) == zone(of: pod) }
        if let limit = policy.maxInFlightPerZone, near >= limit { return "\(limit) pods are leaving its zone" }
        if apart, let turn = turns[app.uid], turn.zone != zone(of: pod), !isOver(app.uid) {
            return "it is another zone's turn"
        }
        return nil
    }
}
