import FleetModel
import FleetPlanning

extension StepContext {
    /// Fails a wait that was in vain, with everything that host and API say of the cause (X4).
    ///
    /// Both are asked once, side by side; what one of them cannot tell is told as such.
    func failedWait(_ words: String, askingHost: Bool = true) -> StepProgress {
        let (diagnosis, next) = diagnosis(askingHost: askingHost)
        guard let diagnosis else { return next }
        guard !diagnosis.findings.isEmpty else { return .failed(words) }
        return .failed("\(words): \(diagnosis.summary)", diagnosis.findings)
    }

    /// What is wrong with the node, or what to do until that is known.
    func diagnosis(askingHost: Bool = true) -> (diagnosis: Diagnosis?, next: StepProgress) {
        let looks = askingHost ? [hostLook, healthLook] : [healthLook]
        let open = looks.filter { look in
            switch memory.acts[look.key]?.state {
            case nil, .inDoubt: true
            case .inFlight, .finished: false
            }
        }
        guard open.isEmpty else { return (nil, .perform(open, waitingFor: Self.diagnosing)) }
        let answers = looks.compactMap { look -> OperationResult? in
            if case .finished(let result) = memory.acts[look.key]?.state { result } else { nil }
        }
        guard answers.count == looks.count else { return (nil, .wait(Self.diagnosing)) }
        var evidence = DiagnosisEvidence(of: target.node, in: world.asSnapshot, now: now)
        // A Node that merely bears the name is not the one that is awaited.
        if current == nil { evidence.node = nil }
        evidence.clusterAuthority = run.clusterAuthority
        if askingHost { evidence.take(answers[0]) }
        if let health = answers.last, health.isSuccess { evidence.health = NodeHealth(NodeAnswer(health.output)) }
        return (Diagnosis(evidence), .wait(Self.diagnosing))
    }

    private static let diagnosing = "a diagnosis of the node"

    private var hostLook: StepOperation {
        StepOperation(
            key: "diagnosis", title: "ask the host what is wrong with it",
            .host(.diagnosis(of: target.node, among: world.nodes.values)))
    }

    private var healthLook: StepOperation {
        StepOperation(
            key: "health", title: "read Node \(target.node)'s conditions and events", .nodeHealth(target.node))
    }
}

extension World {
    /// What was last observed, as a snapshot.
    var asSnapshot: ClusterSnapshot {
        ClusterSnapshot(
            nodes: Array(nodes.values), pods: Array(pods.values), budgets: Array(budgets.values),
            workloads: Array(workloads.values), autoscalers: Array(autoscalers.values), claims: Array(claims.values),
            volumes: Array(volumes.values), attachments: Array(attachments.values))
    }
}
