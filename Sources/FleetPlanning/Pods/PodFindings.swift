public import FleetModel

/// Judges every pod on the targets, and says which of them move (D1, D3, D6–D8, D14).
struct PodFindings {
    private let request: PlanRequest
    private let index: ClusterIndex
    private let policy: EvictionPolicy
    private let triage: PodTriage
    private let budgets: BudgetFindings
    private let surges: Bool

    init(_ request: PlanRequest, _ index: ClusterIndex) {
        self.request = request
        self.index = index
        policy = request.playbook.evictions
        surges = request.steps.contains(where: \.surges)
        triage = PodTriage(policy: policy, permissions: PodTriage.Permissions(request.steps))
        budgets = BudgetFindings(policy: policy, surges: surges)
    }

    /// Adds the findings, and returns the pods that are evicted, in the order of the waves.
    func moves(of waves: [PlannedWave], into groups: inout FindingGroups) -> [PodMove] {
        guard request.drains else { return [] }
        var moves: [PodMove] = []
        for wave in waves {
            for target in wave.targets {
                for pod in index.pods(on: target.node) {
                    if let move = judge(pod, wave.number, &groups) { moves.append(move) }
                }
            }
        }
        return moves
    }

    private func judge(_ pod: Pod, _ wave: Int, _ groups: inout FindingGroups) -> PodMove? {
        let workload = index.workload(of: pod)
        switch triage.verdict(on: pod, workload: workload, keepsDataOnNode: index.keepsDataOnNode(pod)) {
        case .leave(.daemonSet), .leave(.mirror): return nil
        case .leave(.skipped):
            add(.warning, .skippedPod, pod, "left on the node by rule or label; it ends when the node does", &groups)
            return nil
        case .wait(let reason, _):
            noteCritical(pod, &groups)
            let way = "set the node aside when the timeout passes: stop it by hand, or give it a rule in evictions.rules"
            add(.warning, .jobPod, pod, "awaited until it ends: \(reason)", remedy: way, &groups)
            return nil
        case .refuse(let refusal):
            noteCritical(pod, &groups)
            add(.blocker, refusal.code, pod, refusal.reason, remedy: refusal.remedy, &groups)
            return nil
        case .evict: return evict(pod, workload, wave, &groups)
        }
    }

    private func evict(_ pod: Pod, _ workload: Workload?, _ wave: Int, _ groups: inout FindingGroups) -> PodMove {
        if pod.isFinished || pod.isTerminating { return PodMove(pod: pod, wave: wave, lane: .free, allowance: .max) }
        noteCritical(pod, &groups)
        noteEmptyDir(pod, &groups)
        let selecting = index.budgets(selecting: pod)
        let subject = index.subject(of: pod)
        budgets.judge(pod, workload, subject: subject, selecting, into: &groups)
        judgeSingle(pod, workload, selecting.first, subject, &groups)
        if selecting.isEmpty, pod.controller != nil, replicas(of: pod, workload) > 1 {
            groups.add(
                .warning, .noBudget, each: subject,
                "no PodDisruptionBudget: at most \(policy.withoutBudget) (rounded down, at least 1) may be out at once"
            )
        }
        return move(pod, workload, wave, selecting, subject)
    }

    private func move(
        _ pod: Pod, _ workload: Workload?, _ wave: Int, _ selecting: [PodDisruptionBudget], _ subject: String
    ) -> PodMove {
        let replicas = replicas(of: pod, workload)
        if let budget = selecting.first {
            let expected = BudgetRule.expected(budget, replicas: replicas)
            let allowance = max(1, BudgetRule.ceiling(of: budget, expected: expected))
            return PodMove(pod: pod, wave: wave, lane: .budget(budget.key), allowance: allowance)
        }
        guard pod.controller != nil else { return PodMove(pod: pod, wave: wave, lane: .free, allowance: .max) }
        let allowance = max(1, ImplicitBudget.maxUnavailable(replicas: replicas, policy: policy.withoutBudget))
        return PodMove(pod: pod, wave: wave, lane: .implicit(subject), allowance: allowance)
    }

    private func replicas(of pod: Pod, _ workload: Workload?) -> Int {
        if let workload { return workload.replicas }
        return pod.controller.map { index.pods(ofController: $0.uid).count } ?? 1
    }

    // MARK: - One replica

    private func judgeSingle(
        _ pod: Pod, _ workload: Workload?, _ budget: PodDisruptionBudget?, _ subject: String,
        _ groups: inout FindingGroups
    ) {
        guard pod.controller != nil, replicas(of: pod, workload) == 1 else { return }
        if let workload, policy.downtime.contains(workload.reference.key) { return }
        if surges, let workload {
            let claims = index.claims(of: pod.volumes, in: pod.key.namespace)
            guard let reason = SurgeRule.refusal(of: workload, claims: claims) else { return noteSurge(workload, &groups) }
            let text = "one replica, and it cannot be surged: \(reason)"
            groups.add(.blocker, .singleReplica, on: subject, text, remedy: ways(workload, surge: false), item: "\(pod.key)")
        } else if let budget, !budgets.isImpossible(budget, workload) {
            groups.add(
                .warning, .singleReplica, on: subject,
                "one replica: it is down while its pod moves; PodDisruptionBudget \(budget.key) permits it", item: "\(pod.key)"
            )
        } else if budget == nil {
            let text = "one replica and no budget: it would be down while its pod moves"
            groups.add(.blocker, .singleReplica, on: subject, text, remedy: ways(workload, surge: true), item: "\(pod.key)")
        }
    }

    private func ways(_ workload: Workload?, surge: Bool) -> String {
        let key = workload?.reference.key.description ?? "NAMESPACE/NAME"
        let canSurge = surge && workload?.reference.kind == .deployment
        return (canSurge ? "add the step surge_single_replicas; or " : "") + "run more replicas; or agree on a downtime: "
            + "evictions.downtime: [\(key)]"
    }

    private func noteSurge(_ workload: Workload, _ groups: inout FindingGroups) {
        let subject = workload.reference.description
        let autoscaler = index.autoscaler(of: workload)
        if let owner = GitOps.owner(of: workload) {
            groups.add(
                .warning, .gitOpsOwned, on: subject, "\(owner) owns it and may set its replicas back while it is surged",
                remedy: "pause its synchronisation, or let it ignore spec.replicas"
            )
        }
        if let autoscaler {
            groups.add(
                .warning, .autoscaled, on: subject,
                "HorizontalPodAutoscaler \(autoscaler.key) owns its replicas: its minReplicas \(autoscaler.minReplicas) is raised to 2 instead"
            )
        }
    }

    // MARK: - Worth telling

    private func noteCritical(_ pod: Pod, _ groups: inout FindingGroups) {
        let isSystem = ["system-cluster-critical", "system-node-critical"].contains(pod.priorityClassName)
        guard isSystem || request.criticalPods.contains(where: { $0.matches(pod.labels) }) else { return }
        let reason = isSystem ? "priority class \(pod.priorityClassName)" : "the playbook's selector of critical pods"
        add(.warning, .criticalPod, pod, "critical by \(reason)", remedy: "approve it: --approve critical-pods", &groups)
    }

    private func noteEmptyDir(_ pod: Pod, _ groups: inout FindingGroups) {
        guard pod.volumes.contains(where: { if case .emptyDir = $0 { true } else { false } }) else { return }
        groups.add(.warning, .emptyDir, each: index.subject(of: pod), "emptyDir data is lost with its pods, as permitted")
    }

    private func add(
        _ severity: Finding.Severity, _ code: Finding.Code, _ pod: Pod, _ reason: String, remedy: String = "",
        _ groups: inout FindingGroups
    ) {
        let place = pod.nodeName.map { " on \($0)" } ?? ""
        groups.add(
            severity, code, on: index.subject(of: pod), reason, remedy: remedy, item: "\(pod.key)\(place)"
        )
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
}
