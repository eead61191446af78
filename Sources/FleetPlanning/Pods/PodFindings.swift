public import FleetModel

/// Judges every pod on the targets, and says which of them move (D1, D3, D6–D8, D14).
struct PodFindings {
    private let request: PlanRequest
    private let index: ClusterIndex
    private let policy: EvictionPolicy
    private let triage: PodTriage
    private let budgets: BudgetFindings
    private let surges: Bool
    private var owners: [ObjectUID: PodOwner] = [:]
    /// The lanes of the pods that move, and their positions.
    private(set) var lanes: [PodMove.Lane] = []
    private var laneNumbers: [PodMove.Lane: Int] = [:]

    init(_ request: PlanRequest, _ index: ClusterIndex) {
        self.request = request
        self.index = index
        policy = request.playbook.evictions
        surges = request.steps.contains(where: \.surges)
        triage = PodTriage(policy: policy, permissions: PodTriage.Permissions(request.steps))
        budgets = BudgetFindings(
            policy: policy, surges: surges, adjusted: Set(request.steps.flatMap(\.adjustsBudgets)))
    }

    /// Adds the findings, and returns the pods that are evicted, by their nodes.
    mutating func moves(of targets: [PlanTarget], into groups: inout FindingGroups) -> [NodeName: [PodMove]] {
        guard request.drains else { return [:] }
        var moves: [NodeName: [PodMove]] = [:]
        for target in targets where moves[target.node] == nil {
            moves[target.node] = index.positions(on: target.node).compactMap { judge($0, &groups) }
        }
        return moves
    }

    private mutating func judge(_ position: Int, _ groups: inout FindingGroups) -> PodMove? {
        let pod = index.snapshot.pods[position]
        if pod.isMirror || (pod.isDaemon && !pod.isFinished) { return nil }
        let owner = owner(of: pod)
        let verdict = triage.verdict(
            on: pod, workload: owner.workload, keepsDataOnNode: index.keepsDataOnNode(pod)
        )
        switch verdict {
        case .evict: return evict(pod, position, owner, &groups)
        case .leave(.skipped):
            let reason = "left on the node by rule or label; it ends when the node does"
            add(.warning, .skippedPod, pod, owner, reason, &groups)
        case .leave: break
        case .wait(let reason, _):
            noteCritical(pod, owner, &groups)
            let way = "its node is set aside when the timeout passes: stop it, or give it a rule in evictions.rules"
            add(.warning, .jobPod, pod, owner, "awaited until it ends: \(reason)", remedy: way, &groups)
        case .refuse(let refusal):
            noteCritical(pod, owner, &groups)
            add(.blocker, refusal.code, pod, owner, refusal.reason, remedy: refusal.remedy, &groups)
        }
        return nil
    }

    private mutating func evict(
        _ pod: Pod, _ position: Int, _ owner: PodOwner, _ groups: inout FindingGroups
    ) -> PodMove {
        let selecting = pod.isFinished || pod.isTerminating ? [] : index.budgets(selecting: pod)
        if !pod.isFinished, !pod.isTerminating {
            noteCritical(pod, owner, &groups)
            noteEmptyDir(pod, owner, &groups)
            noteController(pod, owner, &groups)
            budgets.judge(pod, owner, selecting, into: &groups)
            judgeSingle(pod, owner, selecting.first, &groups)
            noteOverride(pod, owner, &groups)
            noteOwners(pod, owner, &groups)
            noteReturning(pod, owner, &groups)
            if selecting.isEmpty { noteWithoutBudget(pod, owner, &groups) }
        }
        let (lane, allowance) = lane(of: pod, owner, selecting.first)
        return PodMove(
            position: position, lane: lane, allowance: allowance,
            gracePeriodSeconds: Int(pod.gracePeriodSeconds),
            needsHome: pod.controller != nil && !pod.isFinished && !pod.isTerminating
        )
    }

    private mutating func lane(of pod: Pod, _ owner: PodOwner, _ budget: PodDisruptionBudget?) -> (Int?, Int) {
        if let budget {
            let expected = BudgetRule.expected(budget, replicas: owner.replicas)
            return (number(of: .budget(budget.key)), max(1, BudgetRule.ceiling(of: budget, expected: expected)))
        }
        guard let controller = pod.controller, controller.kind != "Job", !pod.isFinished, !pod.isTerminating else {
            return (nil, .max)
        }
        let allowance = ImplicitBudget.maxUnavailable(replicas: owner.replicas, policy: policy.withoutBudget)
        let uid = owner.workload?.reference.uid ?? controller.uid
        return (number(of: .implicit(uid, subject: owner.subject)), max(1, allowance))
    }

    private mutating func number(of lane: PodMove.Lane) -> Int {
        if let known = laneNumbers[lane] { return known }
        laneNumbers[lane] = lanes.count
        lanes.append(lane)
        return lanes.count - 1
    }

    private mutating func owner(of pod: Pod) -> PodOwner {
        guard let controller = pod.controller else {
            return PodOwner(workload: nil, subject: index.subject(of: pod), replicas: 1)
        }
        if let known = owners[controller.uid] { return known }
        let workload = index.workload(of: pod)
        let owner = PodOwner(
            workload: workload, subject: index.subject(of: pod),
            replicas: workload?.replicas ?? index.podCount(ofController: controller.uid)
        )
        owners[controller.uid] = owner
        return owner
    }

    // MARK: - One replica

    private func judgeSingle(
        _ pod: Pod, _ owner: PodOwner, _ budget: PodDisruptionBudget?, _ groups: inout FindingGroups
    ) {
        guard let controller = pod.controller, controller.kind != "Job", owner.replicas == 1 else { return }
        let key = owner.workload?.reference.key ?? ObjectKey(pod.key.namespace, controller.name)
        if policy.downtime.contains(key) { return }
        let item = "\(pod.key)"
        if surges, let workload = owner.workload {
            let claims = index.claims(of: pod.volumes, in: pod.key.namespace)
            let autoscaler = index.autoscaler(of: workload)
            guard let reason = SurgeRule.refusal(of: workload, claims: claims, autoscaler: autoscaler) else {
                return noteSurge(workload, &groups)
            }
            let text = "one replica, and it cannot be surged: \(reason)"
            groups.add(
                .blocker, .singleReplica, on: owner.subject, text, remedy: ways(workload, named: key, surge: false),
                item: item
            )
        } else if let budget, !budgets.isImpossible(budget, owner) {
            let text = "one replica: it is down while its pod moves; PodDisruptionBudget \(budget.key) permits it"
            groups.add(.warning, .singleReplica, on: owner.subject, text, item: item)
        } else if budget == nil {
            let text = "one replica and no budget: it would be down while its pod moves"
            let remedy = ways(owner.workload, named: key, surge: true)
            groups.add(.blocker, .singleReplica, on: owner.subject, text, remedy: remedy, item: item)
        }
    }

    private func ways(_ workload: Workload?, named key: ObjectKey, surge: Bool) -> String {
        let canSurge = surge && workload.map(SurgeRule.concerns) ?? false
        return (canSurge ? "add the step surge_single_replicas; or " : "")
            + "run more replicas; or agree on a downtime: evictions.downtime: [\(key)]"
    }

    private func noteSurge(_ workload: Workload, _ groups: inout FindingGroups) {
        let subject = workload.reference.description
        if let owner = GitOps.owner(of: workload) {
            groups.add(
                .warning, .gitOpsOwned, on: subject,
                "\(owner) owns it and may set its replicas back while it is surged",
                remedy: "pause its synchronisation, or let it ignore spec.replicas"
            )
        }
        if let autoscaler = index.autoscaler(of: workload) {
            groups.add(
                .warning, .autoscaled, on: subject,
                "HorizontalPodAutoscaler \(autoscaler.key) owns its replicas: "
                    + "its minReplicas \(autoscaler.minReplicas) is raised to 2 instead"
            )
        }
    }

    /// Whoever else sets replicas may do so while pods move: the budgets' arithmetic follows, and the drain may wait.
    private mutating func noteOwners(_ pod: Pod, _ owner: PodOwner, _ groups: inout FindingGroups) {
        guard let controller = pod.controller, let workload = owner.workload, !owner.isNotedAsOwned else { return }
        owners[controller.uid]?.isNotedAsOwned = true
        guard !surges || workload.replicas > 1 else { return }
        if let tool = GitOps.tool(of: workload) {
            groups.add(
                .warning, .gitOpsOwned, each: owner.subject,
                "\(tool) owns it: a synchronisation while its pods move may replace them all at once",
                remedy: "let no deployment of it fall into the run"
            )
        }
        if index.autoscaler(of: workload) != nil {
            groups.add(
                .warning, .autoscaled, each: owner.subject,
                "a HorizontalPodAutoscaler may scale it down while its pods move: its budget then permits less"
            )
        }
    }

    /// Pods that `evictions.stuck` names for deletion (safety rule 11).
    private func noteOverride(_ pod: Pod, _ owner: PodOwner, _ groups: inout FindingGroups) {
        guard policy.stuck.deletesSomePods, policy.stuck.action(forLabels: pod.labels) == .delete else { return }
        groups.add(
            .warning, .budgetOverride, each: owner.subject,
            "evictions.stuck deletes its pods past their budgets when their time is over",
            remedy: "it happens only with --allow budget-override; without it their node is set aside"
        )
    }

    // MARK: - Worth telling

    private func noteCritical(_ pod: Pod, _ owner: PodOwner, _ groups: inout FindingGroups) {
        let isSystem = pod.priorityClassName.hasPrefix("system-") && pod.priorityClassName.hasSuffix("-critical")
        guard isSystem || request.criticalPods.contains(where: { $0.matches(pod.labels) }) else { return }
        let reason = isSystem ? "priority class \(pod.priorityClassName)" : "the playbook's selector of critical pods"
        let remedy = "approve it: --approve critical-pods"
        add(.warning, .criticalPod, pod, owner, "critical by \(reason)", remedy: remedy, &groups)
    }

    private func noteEmptyDir(_ pod: Pod, _ owner: PodOwner, _ groups: inout FindingGroups) {
        guard pod.volumes.contains(where: { if case .emptyDir = $0 { true } else { false } }) else { return }
        groups.add(.warning, .emptyDir, each: owner.subject, "emptyDir data is lost with its pods, as permitted")
    }

    /// Pods that nothing starts again, and those of which fleet cannot tell whether something does.
    private func noteController(_ pod: Pod, _ owner: PodOwner, _ groups: inout FindingGroups) {
        guard let controller = pod.controller else {
            let item = pod.nodeName.map { "\(pod.key) on \($0)" } ?? "\(pod.key)"
            return groups.add(
                .warning, .barePod, each: item, "no controller starts it again: it goes for good, as permitted")
        }
        if controller.kind == "Job" {
            groups.add(
                .warning, .jobPod, each: owner.subject,
                "evicted by a rule of evictions.rules: its Job runs it again from the start")
        }
        guard owner.workload == nil else { return }
        let isKnown = WorkloadKind(rawValue: controller.kind) != nil
        groups.add(
            .warning, .unknownController, each: owner.subject,
            isKnown
                ? "it is not among the cluster's workloads: it is trusted to start its pods again"
                : "its controller \(controller.kind) is of no kind that fleet knows: it is trusted to start its pods again, and to want as many as it has"
        )
    }

    private mutating func noteWithoutBudget(_ pod: Pod, _ owner: PodOwner, _ groups: inout FindingGroups) {
        guard let controller = pod.controller, controller.kind != "Job", owner.replicas > 1,
            !owner.isNotedWithoutBudget
        else { return }
        owners[controller.uid]?.isNotedWithoutBudget = true
        groups.add(
            .warning, .noBudget, each: owner.subject,
            "no PodDisruptionBudget: at most \(policy.withoutBudget) (rounded down, at least 1) may be out at once"
        )
    }

    /// Pods that the scheduler may bind to the node that they were evicted from.
    private func noteReturning(_ pod: Pod, _ owner: PodOwner, _ groups: inout FindingGroups) {
        guard pod.controller != nil, let toleration = pod.cordonToleration else { return }
        groups.add(
            .warning, .toleratesCordon, on: owner.subject,
            "its pods tolerate the cordon (\(toleration.words)) and may come back to the node: their successors are evicted once, then the node waits, and is set aside at the timeout",
            remedy: "let them tolerate named taints only, or leave them on the node: evictions.rules with action skip",
            item: pod.nodeName.map { "\(pod.key) on \($0)" } ?? "\(pod.key)")
    }

    private func add(
        _ severity: Finding.Severity, _ code: Finding.Code, _ pod: Pod, _ owner: PodOwner, _ reason: String,
        remedy: String = "", _ groups: inout FindingGroups
    ) {
        let place = pod.nodeName.map { " on \($0)" } ?? ""
        groups.add(severity, code, on: owner.subject, reason, remedy: remedy, item: "\(pod.key)\(place)")
    }
}

extension PodTriage.Permissions {
    /// What the draining steps of a playbook permit.
    public init(_ steps: [StepSummary]) {
        let drains = steps.filter(\.drains)
        self.init(
            losesEmptyDir: drains.contains(where: \.losesEmptyDir),
            deletesBarePods: drains.contains(where: \.deletesBarePods)
        )
    }
}

/// Tools that set a workload back to what a repository says.
enum GitOps {
    static func owner(of workload: Workload) -> String? {
        if workload.annotations["argocd.argoproj.io/tracking-id"] != nil { return "Argo CD" }
        if let name = workload.labels["argocd.argoproj.io/instance"] { return "Argo CD application \(name)" }
        if let name = workload.labels["kustomize.toolkit.fluxcd.io/name"] { return "Flux Kustomization \(name)" }
        return workload.labels["helm.toolkit.fluxcd.io/name"].map { "Flux HelmRelease \($0)" }
    }

    /// The tool's own name.
    static func tool(of workload: Workload) -> String? {
        owner(of: workload).map { $0.hasPrefix("Argo CD") ? "Argo CD" : "Flux" }
    }
}
