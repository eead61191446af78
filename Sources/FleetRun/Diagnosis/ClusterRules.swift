import FleetModel

/// What the API explains: a Node that is missing, or to which no pods come (X2).
enum ClusterRules {
    typealias Finding = Diagnosis.Finding

    static let all: [@Sendable (DiagnosisEvidence) -> Finding?] = [
        missing, silent, pressure, cordoned, tainted, full, waiting, warnings,
    ]

    static let missing: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard evidence.node == nil, evidence.host?.isJoined ?? true else { return nil }
        return Finding(
            "no-node", .likely, "the cluster has no Node \(evidence.name)",
            mend:
                "a kubelet registers its Node once, when it starts: systemctl restart kubelet; or join the host: fleet run expand -l \(evidence.name)"
        )
    }

    static let silent: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let node = evidence.node, !node.isReady else { return nil }
        let condition = evidence.health?.condition("Ready")
        let words = condition.map { "\($0.reason): \($0.message)" } ?? ""
        guard node.readiness == .unknown else {
            guard !words.isEmpty else { return nil }
            return Finding(
                "not-ready", .possible, "the kubelet itself says that it is not Ready", evidence: [words],
                mend: "its message names what it waits for")
        }
        return Finding(
            "silent", .possible, "the API server has not heard of the kubelet for a while",
            evidence: words.isEmpty ? [] : [words], mend: "see whether the host has power, and its kubelet runs")
    }

    static let pressure: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        let pressed = (evidence.health?.conditions ?? []).filter { $0.type != "Ready" && $0.status == "True" }
        guard !pressed.isEmpty else { return nil }
        return Finding(
            "pressure", .likely, "the Node reports \(pressed.map(\.type).joined(separator: ", "))",
            evidence: pressed.map { "\($0.type): \($0.message)" },
            mend: "free what it lacks; until then it takes no new pods")
    }

    static let cordoned: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let node = evidence.node, node.isCordoned else { return nil }
        let by = node.annotations[CordonStep.annotation].map { ["cordoned by fleet, run \($0)"] } ?? []
        return Finding(
            "cordoned", evidence.isReady ? .certain : .possible, "the Node is cordoned: no pods come", evidence: by,
            mend: "kubectl uncordon \(node.name), if nobody works on it")
    }

    static let tainted: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        let taints = (evidence.node?.taints ?? []).filter {
            $0.effect != .preferNoSchedule && !$0.key.hasPrefix("node.kubernetes.io/")
        }
        guard !taints.isEmpty else { return nil }
        let words = taints.map { "\($0.key)\($0.value.isEmpty ? "" : "=\($0.value)"):\($0.effect.rawValue)" }
        return Finding(
            "tainted", evidence.isReady ? .likely : .possible, "only pods that tolerate its taints come",
            evidence: words,
            mend: "take them off where they are not meant: kubectl taint node \(evidence.name) \(taints[0].key)-")
    }

    static let full: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let room = evidence.node?.allocatable else { return nil }
        let rows: [(name: String, used: Int64, of: Int64)] = [
            ("cpu", evidence.requested.milliCPU, room.milliCPU), ("memory", evidence.requested.memory, room.memory),
        ]
        let spent = rows.filter { $0.of > 0 && $0.used * 100 >= $0.of * 90 }
        guard !spent.isEmpty else { return nil }
        return Finding(
            "full", .likely, "its pods request nearly all of it",
            evidence: spent.map { "\($0.name): \($0.used * 100 / $0.of) % requested" },
            mend: "pods with smaller requests, or more nodes")
    }

    static let waiting: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard !evidence.pending.isEmpty else { return nil }
        let more = evidence.pending.count > 3 ? ["and \(evidence.pending.count - 3) more"] : []
        return Finding(
            "pods-wait", .possible, "\(evidence.pending.count) pods wait for a node",
            evidence: Array(evidence.pending.prefix(3)) + more,
            mend: "the scheduler's words say what each node lacks: labels against affinity, resources, volumes' zones")
    }

    static let warnings: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let warnings = evidence.health?.warnings, !warnings.isEmpty, !evidence.isReady else { return nil }
        return Finding(
            "events", .possible, "events warn of the Node", evidence: Array(warnings.prefix(3)),
            mend: "kubectl describe node \(evidence.name)")
    }
}
