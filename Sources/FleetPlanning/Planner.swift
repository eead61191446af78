import FleetModel

/// Makes plans: joins hosts to Nodes, cuts waves, and finds what would go wrong.
public enum Planner {
    /// The plan of a request.
    ///
    /// Equal requests give equal plans.
    public static func plan(_ request: PlanRequest) -> Plan {
        let index = ClusterIndex(request.snapshot)
        let targets = request.hosts.map { TargetJoin(request, index).target(for: $0) }
        let policy = request.playbook.waves
        let judgement = PodJudgement(of: targets, request, index)
        let cut = WaveCut(
            policy: policy, oneByOne: request.playbook.isForControlPlane,
            budgets: SharedBudgets(judgement, of: targets))
        let waves =
            request.playbook.spares == nil
            ? cut.waves(of: targets) : replacement(of: targets, cut, request, index).waves
        var plan = Plan(
            cluster: request.snapshot.clusterUID, playbook: request.playbook.name,
            name: request.name ?? request.playbook.name, waves: waves, policy: policy, digest: ""
        )
        plan.digest = PlanDigest.digest(of: plan, playbookDigest: request.playbookDigest)
        review(&plan, request, index, judgement)
        return plan
    }

    private static func replacement(
        of targets: [PlanTarget], _ cut: WaveCut, _ request: PlanRequest, _ index: ClusterIndex
    ) -> ReplacementCut {
        let join = TargetJoin(request, index)
        return ReplacementCut(cut, leaving: targets, spares: request.spares.compactMap(join.spare))
    }

    /// The same plan with findings and forecast from the request's snapshot, for the waves given.
    ///
    /// A pinned plan is held against it before each wave. Targets, waves and digest stay.
    public static func review(_ plan: Plan, _ request: PlanRequest, waves: ClosedRange<Int>) -> Plan {
        var reviewed = plan
        reviewed.waves = plan.waves.filter { waves.contains($0.number) }
        let index = ClusterIndex(request.snapshot)
        let leaving = reviewed.waves.leaving.flatMap(\.targets)
        review(&reviewed, request, index, PodJudgement(of: leaving, request, index))
        reviewed.waves = plan.waves
        return reviewed
    }

    private static func review(
        _ plan: inout Plan, _ request: PlanRequest, _ index: ClusterIndex, _ judgement: PodJudgement
    ) {
        var groups = FindingGroups()
        TargetFindings(request, index, plan).collect(into: &groups)
        CapsFindings(request, index, plan).collect(into: &groups)
        groups.append(judgement.findings)
        let leaving = plan.waves.leaving
        if request.checksCapacity {
            var fit = CapacityFit(request, index, plan.waves)
            fit.place(judgement, into: &groups)
        }
        if request.controllerManager != nil || request.kubelets != nil {
            let present = Set(request.snapshot.nodes.map(\.name))
            let joining = plan.targets.filter { !present.contains($0.node) && $0.nodeUID == nil }
            ControllerManagerAdvice(
                arguments: request.controllerManager, kubelets: request.kubelets ?? KubeletSettings(),
                nodes: present.count, joining: joining.count
            ).collect(into: &groups)
        }
        NodeReservation.judge(request, into: &groups)
        plan.findings = groups.findings
        let forecaster = Forecaster(
            policy: plan.policy, evictions: request.playbook.evictions, index: index,
            targets: leaving.flatMap(\.targets))
        plan.forecast = forecaster.forecast(leaving, judgement)
    }
}
