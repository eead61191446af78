public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `surge_single_replicas:` – a Deployment of one replica gets a second pod on a node that stays, before its only pod
/// leaves, and is set back afterwards, crash or not (D8, safety rule 13); so does a StatefulSet whose owner permits it.
public struct SurgeStep: Step {
    /// `surge_single_replicas`.
    public static let kind = "surge_single_replicas"
    /// What it does, for editors and lists.
    public static let purpose =
        "A Deployment of one replica gets a second pod on a node that stays, before its only pod leaves, and is set back afterwards, crash or not."

    /// How long the second pod may take to become Ready.
    public var timeout: Duration

    /// Reads `timeout` (10m).
    public init?(_ arguments: inout LocatedDecoder) {
        timeout = arguments.optional("timeout", .duration) ?? .seconds(600)
    }

    /// `surge single replicas`.
    public var title: String { "surge single replicas" }
    /// What the API must permit.
    public var access: [AccessQuestion] {
        [
            AccessQuestion("patch", "deployments", group: "apps"),
            AccessQuestion("patch", "statefulsets", group: "apps"),
            AccessQuestion("patch", "horizontalpodautoscalers", group: "autoscaling"),
        ]
    }
    /// Repeatable; other nodes' pods decide.
    public var traits: StepTraits { [.surges, .repeatable, .watchesWorkloads] }
    /// Replicas, and autoscalers' minimums.
    public var temporary: Set<Compensation.Kind> { [.replicas, .minimumReplicas] }

    /// Raises each workload of one replica on the node to two, and waits until the second pod is Ready elsewhere.
    public func advance(_ context: StepContext) -> StepProgress {
        let pending = singles(in: context).filter { !isSurged($0, in: context) }
        if pending.isEmpty {
            let count = context.memory.acts.count
            return .done(changed: count > 0, count == 0 ? "no single replica here" : "\(count) surged")
        }
        if let refusal = refusal(pending, in: context) { return .failed(refusal) }
        let deadline = context.memory.startedAt + timeout
        let names = pending.map(\.reference.description).joined(separator: ", ")
        if context.now >= deadline {
            return .failed("no second Ready pod on a node that stays within \(timeout.text): \(names)")
        }
        return advance(pending, in: context, until: deadline, names: names)
    }

    /// Names the workloads.
    public func preview(_ context: StepContext) -> StepPreview {
        let found = singles(in: context)
        if let refusal = refusal(found, in: context) { return StepPreview(["would be refused: \(refusal)"]) }
        let singles = found.map(\.reference.description)
        return StepPreview([
            singles.isEmpty ? "no single replica here" : "would raise to 2: \(singles.joined(separator: ", "))"
        ])
    }

    /// The rule of the plan, for what came to the node since, or was changed.
    private func refusal(_ pending: [Workload], in context: StepContext) -> String? {
        for workload in pending where context.memory.acts["surge \(workload.reference)"] == nil {
            let pods = context.world.pods(of: workload.reference.uid)
            let claims = pods.flatMap { context.world.claims(of: $0) }
            let autoscaler = context.world.autoscaler(of: workload)
            if let reason = SurgeRule.refusal(of: workload, claims: claims, autoscaler: autoscaler) {
                return "\(workload.reference) has one replica and cannot be surged: \(reason)"
            }
        }
        return nil
    }

    private func advance(
        _ pending: [Workload], in context: StepContext, until deadline: Instant, names: String
    ) -> StepProgress {
        var acts: [StepOperation] = []
        for workload in pending where needsScaling(workload, in: context) {
            let key = "surge \(workload.reference)"
            if isOverruled(workload, key, in: context) {
                return .failed(
                    "somebody set \(workload.reference) back to \(workload.replicas) after this run had raised it; ask its owner, or agree a downtime (evictions.downtime)"
                )
            }
            guard let (request, compensation) = surge(workload, in: context) else { continue }
            switch context.request(key, key, request, compensation: compensation, waitingFor: names) {
            case .perform(let more, _): acts += more
            case .failed(let reason, let findings), .unsuccessful(let reason, let findings):
                return .failed(reason, findings)
            case .wait, .blocked, .done: break
            }
        }
        let reason = "second Ready pod on a node that stays: \(names)"
        return acts.isEmpty ? .wait(reason, until: deadline) : .perform(acts, waitingFor: reason)
    }

    /// The workloads whose only wanted pod runs here, unless a downtime was agreed for them.
    private func singles(in context: StepContext) -> [Workload] {
        let owned = context.world.pods(on: context.target.node).filter { !$0.isFinished && !$0.isTerminating }
        var seen: [ObjectKey: Workload] = [:]
        for pod in owned {
            guard let workload = context.world.workload(of: pod), SurgeRule.concerns(workload) else { continue }
            guard !context.run.evictions.downtime.contains(workload.reference.key) else { continue }
            let isOwnSurge = context.memory.acts["surge \(workload.reference)"] != nil
            if workload.replicas == 1 || isOwnSurge { seen[workload.reference.key] = workload }
        }
        return seen.values.sorted { $0.reference.key < $1.reference.key }
    }

    private func isSurged(_ workload: Workload, in context: StepContext) -> Bool {
        context.world.pods(of: workload.reference.uid).contains { pod in
            guard let home = pod.nodeName, pod.isReady, !pod.isTerminating else { return false }
            return home != context.target.node && stays(home, in: context)
        }
    }

    /// Whether a node is none of the plan's (safety rule 13), or one that the plan has given back.
    private func stays(_ home: NodeName, in context: StepContext) -> Bool {
        guard context.run.retiring.contains(home) else { return true }
        guard context.run.givesNodesBack, let node = context.world.nodes[home] else { return false }
        return !node.isCordoned && !node.isRetiring
    }

    private func needsScaling(_ workload: Workload, in context: StepContext) -> Bool {
        if let autoscaler = context.world.autoscaler(of: workload) { return autoscaler.minReplicas < 2 }
        return workload.replicas < 2
    }

    /// Whether somebody changed the number since: fleet's note is on the object, and fleet's number is not.
    private func isOverruled(_ workload: Workload, _ key: String, in context: StepContext) -> Bool {
        let annotations = context.world.autoscaler(of: workload)?.annotations ?? workload.annotations
        return context.hasSet(key, notedIn: annotations)
    }

    /// What is changed is the number that was looked at: somebody's own scaling in between is a conflict, and looked at anew.
    private func surge(_ workload: Workload, in context: StepContext) -> (ClusterRequest, Compensation)? {
        let node = context.target.node
        if let autoscaler = context.world.autoscaler(of: workload) {
            let change = Compensation.minimum(of: autoscaler, to: 2, for: node)
            let request = ClusterRequest.setMinimumReplicas(
                autoscaler.key, minReplicas: 2, annotations: note(change, context))
            return (.ifUnchanged(since: autoscaler.resourceVersion, request), change)
        }
        let change = Compensation.replicas(of: workload, to: 2, for: node)
        let request = ClusterRequest.scale(workload.reference, replicas: 2, annotations: note(change, context))
        return (.ifUnchanged(since: workload.resourceVersion, request), change)
    }

    private func note(_ change: Compensation, _ context: StepContext) -> [String: String?] {
        let note = change.note(by: context.run.id)
        return [note.key: note.value]
    }
}
