import FleetModel
import FleetPlanning

extension RunMachine {
    /// Sends what the budgets permit now; nothing while the cluster cannot be seen.
    mutating func admitEvictions() {
        governorDeadline = nil
        guard state.result == nil, !beginsNothing, !isInterrupted else { return }
        let (admissions, deadline) = governor.admit(in: world, at: now)
        governorDeadline = deadline
        for admission in admissions { request(admission) }
    }

    private mutating func request(_ admission: Governor.Admission) {
        let candidate = admission.candidate
        guard let request = evictionRequest(of: candidate, in: admission.lane) else { return }
        emit(.evictionRequested(request))
        let eviction = ClusterRequest.evict(candidate.pod, gracePeriodSeconds: candidate.gracePeriodSeconds)
        reaction.directives.append(.perform(id: request.id, node: candidate.node, .cluster(eviction)))
    }

    /// What is recorded before a pod is asked to go; nil when it is gone.
    func evictionRequest(of candidate: Governor.Candidate, in lane: EvictionLane) -> RunEvent.EvictionRequested? {
        guard let pod = world.pods[candidate.pod.uid] else { return nil }
        let workload = world.workloadUID(of: pod)
        let ready = workload.map { world.readyPods(of: $0) } ?? 0
        let known = workload.flatMap { state.nodes[candidate.node]?.losses[$0] }
        return RunEvent.EvictionRequested(
            id: state.lastOperation + 1, pod: candidate.pod, node: candidate.node, budget: title(of: lane),
            workload: workload, readyBefore: known ?? ready, podCreatedAt: pod.createdAt,
            controller: world.stranger(behind: pod), isLate: candidate.isLate ? true : nil)
    }

    func title(of lane: EvictionLane) -> String {
        switch lane {
        case .free, .held: ""
        case .budget(let key): "PodDisruptionBudget \(key)"
        case .implicit(let uid): "implicit budget of \(world.title(of: uid) ?? uid.rawValue)"
        }
    }

    /// Hands a draining node's pods to the governor: all of them at the start, new ones as they appear.
    mutating func refreshEvictions(of name: NodeName) {
        guard let drain = drainInForce(on: name) else { return }
        let pods = world.pods(on: name)
        if residents[name] == nil {
            let began = state.nodes[name]?.firstEviction
            residents[name] = Set(pods.filter { pod in began.map { pod.createdAt <= $0 } ?? true }.map { $0.uid })
        }
        for pod in pods { enqueue(pod, drain) }
    }

    func drainStep(of name: NodeName) -> DrainStep? {
        guard let index = state.nodes[name]?.step, index < order.steps.count else { return nil }
        return order.steps[index].step as? DrainStep
    }

    /// The drain that a node's pods leave under: that of the step under way, and while it is verified still the one
    /// before, since the scheduler may have bound a pod just before the cordon.
    private func drainInForce(on name: NodeName) -> DrainStep? {
        if let drain = drainStep(of: name) { return drain }
        guard let index = state.nodes[name]?.step, index < order.steps.count,
            order.steps[index].step is VerifyDrainedStep
        else { return nil }
        return order.steps[..<index].last { $0.step is DrainStep }?.step as? DrainStep
    }

    /// Hands a pod to the governor; one that waits there is judged anew, since its owner may have marked it meanwhile.
    private mutating func enqueue(_ pod: Pod, _ drain: DrainStep) {
        guard let node = pod.nodeName else { return }
        let isKnown = governor.knows(pod.uid)
        if isKnown, !governor.isWaiting(pod.uid) { return }
        let verdict = triage.verdict(on: pod, in: world)
        if isKnown, !governor.withdraw(pod.uid, unless: verdict) { return }
        switch verdict {
        case .leave: break
        case .refuse(let refusal): governor.refuse(node, "\(pod.key): \(refusal.reason); \(refusal.remedy)")
        case .evict(let order, let timeout):
            let reason = isLate(pod, on: node) ? returnee(pod, to: node) : nil
            add(candidate(pod, node, drain, awaitedFor: reason, order: order, timeout: timeout), verdict)
        case .wait(let reason, let timeout):
            add(candidate(pod, node, drain, awaitedFor: reason, timeout: timeout), verdict)
        }
    }

    private mutating func add(_ candidate: Governor.Candidate, _ verdict: PodTriage.Verdict) {
        var candidate = candidate
        candidate.verdict = verdict
        governor.add(candidate, in: world)
    }

    /// Why a pod is not evicted although it may be: its workload comes back to the cordoned node.
    ///
    /// One successor a pod may have raced with the cordon; nil as long as that explains it.
    private func returnee(_ pod: Pod, to name: NodeName) -> String? {
        guard !pod.isTerminating, let workload = world.workloadUID(of: pod) else { return nil }
        let evicted =
            state.nodes[name]?.evicted.values.filter { $0.workload == workload && $0.pod.uid != pod.uid } ?? []
        let late = evicted.count(where: \.isLate)
        let waiting = governor.lateArrivals(of: workload, on: name)
        let toleration = pod.cordonToleration
        // Without a toleration it takes somebody who binds past the scheduler, or many pods bound just before.
        guard late + waiting >= max(1, evicted.count - late) + (toleration == nil ? Self.mostStragglers : 0) else {
            return nil
        }
        let title = world.title(of: workload) ?? "its workload"
        let why =
            toleration.map { "it tolerates the cordon (\($0.words))" } ?? "something binds its pods past the scheduler"
        return "\(title) comes back to the cordoned node: \(why), so \(evicted.count) evictions did not move it"
    }

    private static let mostStragglers = 10

    private func isLate(_ pod: Pod, on name: NodeName) -> Bool { residents[name]?.contains(pod.uid) == false }

    private func candidate(
        _ pod: Pod, _ node: NodeName, _ drain: DrainStep, awaitedFor reason: String? = nil, order: Int = 0,
        timeout: Duration?
    ) -> Governor.Candidate {
        Governor.Candidate(
            pod: pod.reference, node: node, zone: zone(of: node),
            gracePeriodSeconds: drain.gracePeriodSeconds(
                for: pod, isHostOff: state.nodes[node]?.isProvedOff ?? false),
            awaitedFor: reason, order: order, timeout: timeout,
            isPassed: state.nodes[node]?.evicted[pod.uid]?.isPassed ?? false,
            isHostOff: state.nodes[node]?.isProvedOff ?? false, isLate: isLate(pod, on: node)
        )
    }

    private func zone(of node: NodeName) -> Zone? { world.nodes[node]?.zone ?? state.nodes[node]?.target.zone }

    /// After a crash or a gap: what left meanwhile is noted, and the pods of nodes that are draining are queued; what is
    /// terminating is only awaited.
    ///
    /// What controllers of unknown kinds had is remembered by a process from then on.
    mutating func requeueDrainingNodes(remembering: Bool = false) {
        for name in state.order {
            for entry in state.nodes[name]?.evicted.values.sorted(by: { $0.pod.key < $1.pod.key }) ?? [] {
                guard let workload = entry.workload else { continue }
                if remembering, let controller = entry.controller, state.nodes[name]?.phase != .finished {
                    world.remember(controller, workload, pods: entry.readyBefore)
                }
                governor.remember(workload, leaving: zone(of: name), readyBefore: entry.readyBefore, in: world)
            }
            for entry in state.nodes[name]?.evicted.values.filter({ !$0.isGone }) ?? []
            where world.pods[entry.pod.uid] == nil {
                emit(.podLeft(RunEvent.PodLeft(pod: entry.pod, node: name, workload: workloadName(entry.workload))))
            }
            refreshEvictions(of: name)
        }
    }

    /// A pod changed: the governor and its node may go on.
    mutating func podChanged(_ pod: Pod) {
        governor.podChanged(pod, in: world)
        // Nodes that are not in hand wait for nothing that their pods do.
        guard let name = pod.nodeName, state.working.contains(name) else { return }
        touched.insert(name)
        if let drain = drainInForce(on: name) { enqueue(pod, drain) }
    }

    /// A pod is gone.
    mutating func podLeft(_ reference: PodReference, _ old: Pod?) {
        let candidate = governor.remove(reference.uid)
        if let old { governor.podChanged(old, in: world) }
        guard let name = candidate?.node ?? old?.nodeName else { return }
        if state.working.contains(name) { touched.insert(name) }
        guard let entry = state.nodes[name]?.evicted[reference.uid], !entry.isGone else { return }
        emit(.podLeft(RunEvent.PodLeft(pod: reference, node: name, workload: workloadName(entry.workload))))
    }

    private func workloadName(_ uid: ObjectUID?) -> String {
        uid.flatMap { world.title(of: $0) } ?? ""
    }

    /// The API answered an eviction.
    mutating func evictionAnswered(_ id: Int, _ pod: PodReference, _ answer: OperationAnswer, after latency: Duration?)
    {
        guard case .cluster(let outcome) = answer else { return }
        let node = governor.node(of: pod.uid) ?? state.order.first { state.nodes[$0]?.evicted[pod.uid] != nil } ?? ""
        let isAccepted = governor.answered(pod.uid, outcome, after: latency, in: world, at: now)
        let result = answer.result
        emit(
            .evictionAnswered(
                RunEvent.EvictionAnswered(
                    id: id, pod: pod, node: node, isAccepted: isAccepted,
                    answer: isAccepted && result.isSuccess ? "accepted" : result.code, message: result.message
                )
            )
        )
        touched.insert(node)
        if isAccepted, world.pods[pod.uid] == nil { podIsGone(pod, node) }
    }

    /// The pod was gone before its eviction was answered.
    private mutating func podIsGone(_ pod: PodReference, _ node: NodeName) {
        governor.remove(pod.uid)
        guard let entry = state.nodes[node]?.evicted[pod.uid], !entry.isGone else { return }
        emit(.podLeft(RunEvent.PodLeft(pod: pod, node: node, workload: workloadName(entry.workload))))
    }
}
