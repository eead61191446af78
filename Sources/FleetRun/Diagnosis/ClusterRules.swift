import FleetModel

/// What the API explains: a Node that is missing, or to which no pods come (X2).
enum ClusterRules {
    typealias Finding = Diagnosis.Finding

    static let all: [@Sendable (DiagnosisEvidence) -> Finding?] = [
        missing, silent, pressure, daemons, cordoned, tainted, doesNotFit, full, wouldFit, waiting, warnings,
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
        return Finding(
            "tainted", evidence.isReady ? .likely : .possible, "only pods that tolerate its taints come",
            evidence: taints.map(\.words),
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

    static let daemons: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        // A kubelet that is silent has no Ready pods either; that says nothing more.
        guard let node = evidence.node, node.readiness != .unknown, !evidence.unreadyDaemons.isEmpty else { return nil }
        return Finding(
            "daemons-not-ready", evidence.isReady ? .possible : .likely, "DaemonSets' pods on it are not Ready",
            evidence: named(evidence.unreadyDaemons),
            mend: "kubectl describe pod, kubectl logs of these: the network plugin's must be Ready before the Node is")
    }

    static let doesNotFit: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard evidence.node != nil else { return nil }
        let misfits = evidence.waiting.filter { !$0.objections.isEmpty }
        guard !misfits.isEmpty else { return nil }
        let count = misfits.reduce(0) { $0 + $1.count }
        return Finding(
            "does-not-fit", evidence.isReady ? .likely : .possible,
            "\(count) \(count == 1 ? "pod waits" : "pods wait") for a node and cannot run on this one",
            evidence: named(misfits.map { "\($0.title): \($0.objections.joined(separator: "; "))" })
                + scheduler(misfits),
            mend: "give the Node what they want (kubectl label node, the inventory's labels), or let them want less")
    }

    static let wouldFit: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let node = evidence.node else { return nil }
        let fitting = evidence.waiting.filter(\.objections.isEmpty)
        guard !fitting.isEmpty else { return nil }
        let count = fitting.reduce(0) { $0 + $1.count }
        let (condition, mend) =
            !node.isReady
            ? (" once it is Ready", "they come by themselves once the Node is Ready")
            : node.isCordoned
                ? (" once it is uncordoned", "they come by themselves once the Node is uncordoned")
                : ("", "kube-scheduler has not come to them yet: see whether it runs, and the pods' own events")
        return Finding(
            "would-fit", .possible,
            "\(count) \(count == 1 ? "pod waits" : "pods wait") for a node and would fit on this one\(condition)",
            evidence: named(fitting.map(\.title)) + scheduler(fitting), mend: mend)
    }

    static let waiting: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard evidence.node == nil, !evidence.waiting.isEmpty else { return nil }
        let count = evidence.waiting.reduce(0) { $0 + $1.count }
        return Finding(
            "pods-wait", .possible, "\(count) \(count == 1 ? "pod waits" : "pods wait") for a node",
            evidence: named(evidence.waiting.map(\.title)) + scheduler(evidence.waiting),
            mend: "the scheduler's words say what each node lacks: labels against affinity, resources, volumes' zones")
    }

    /// The first five, and how many more there are.
    private static func named(_ lines: [String]) -> [String] {
        lines.count > 5 ? lines.prefix(5) + ["and \(lines.count - 5) more"] : lines
    }

    /// kube-scheduler's own words, each once, at most three.
    private static func scheduler(_ pods: [WaitingPods]) -> [String] {
        var seen: Set<String> = []
        return pods.map(\.words).filter { !$0.isEmpty && seen.insert($0).inserted }.prefix(3).map {
            "the scheduler says: \($0)"
        }
    }

    static let warnings: @Sendable (DiagnosisEvidence) -> Finding? = { evidence in
        guard let warnings = evidence.health?.warnings, !warnings.isEmpty, !evidence.isReady else { return nil }
        return Finding(
            "events", .possible, "events warn of the Node", evidence: Array(warnings.prefix(3)),
            mend: "kubectl describe node \(evidence.name)")
    }
}
