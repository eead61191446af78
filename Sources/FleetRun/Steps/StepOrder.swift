import FleetExpressions

/// Orders of steps that can never do what they say, and such as are seldom meant (safety rule 6).
struct StepOrder {
    private let steps: [PlannedStep]

    /// What is wrong with the order, and what is doubtful.
    static func mistakes(in steps: [PlannedStep]) -> [Diagnostic] {
        let order = StepOrder(steps: steps)
        return steps.indices.flatMap { index in rules.compactMap { $0(order, index) } }
    }

    private typealias Rule = @Sendable (StepOrder, Int) -> Diagnostic?

    private static let rules: [Rule] = [
        deletedBeforeDrained, awaitedAfterDeletion, keptFromRegistering, cleanedUnderKubelet, tooLateForPods,
    ]

    /// A Node that is deleted takes its pods with it, past every budget.
    private static let deletedBeforeDrained: Rule = { order, index in
        guard order.isNeverAgain(.deletesNode, before: index), order.steps[index].step.traits.contains(.drains)
        else { return nil }
        return order.mistake(
            at: index,
            "drain stands behind delete_node: there is no Node to drain any more, and its pods end past every budget",
            "move delete_node behind drain and verify_drained")
    }

    /// What needs a Node behind the step that deletes it.
    private static let awaitedAfterDeletion: Rule = { order, index in
        let kind = order.steps[index].kind
        guard ["uncordon", "cordon", "label", "taint", "wait_ready"].contains(kind),
            order.isNeverAgain(.deletesNode, before: index)
        else { return nil }
        return order.mistake(
            at: index, "\(kind) stands behind delete_node: there is no Node any more",
            "remove it, or join the host first")
    }

    /// A kubelet that runs registers a deleted Node again, uncordoned.
    private static let keptFromRegistering: Rule = { order, index in
        guard order.steps[index].step.traits.contains(.deletesNode), !order.endsKubelet(before: index) else {
            return nil
        }
        return order.doubt(
            at: index,
            "nothing before delete_node stops the kubelet: one that runs, or restarts, registers the Node again",
            "service: {name: kubelet, state: stopped, enabled: false} goes before it")
    }

    /// A host is cleaned once its Node is not Ready.
    private static let cleanedUnderKubelet: Rule = { order, index in
        guard order.steps[index].step.traits.contains(.cleans), !order.endsKubelet(before: index),
            order.steps[..<index].contains(where: { $0.step.traits.contains(.drains) })
        else { return nil }
        return order.doubt(
            at: index, "nothing before cleanup stops the kubelet: while its Node is Ready a host is not cleaned",
            "service: {name: kubelet, state: stopped, enabled: false} goes before it")
    }

    /// What is done for pods before they leave does nothing for them afterwards.
    private static let tooLateForPods: Rule = { order, index in
        let kind = order.steps[index].kind
        guard
            ["surge_single_replicas", "wait_for_connections", "exclude_from_load_balancers", "adjust_budget"]
                .contains(kind), order.steps[..<index].contains(where: { $0.step.traits.contains(.drains) })
        else { return nil }
        return order.doubt(
            at: index, "\(kind) stands behind drain, when the pods have left", "move it before drain")
    }

    /// Whether a step before did this for good: on every host, and nothing since may have brought the Node back.
    private func isNeverAgain(_ trait: StepTraits, before index: Int) -> Bool {
        guard let last = steps[..<index].lastIndex(where: { $0.step.traits.contains(trait) }) else { return false }
        // Steps under a condition may be those of different hosts.
        guard steps[last].condition == nil, steps[index].condition == nil else { return false }
        return !steps[last..<index].contains { mayRegister($0.step) }
    }

    /// Whether a kubelet may register its Node again by a step: by joining, as it starts, or by a script's doing.
    private func mayRegister(_ step: any Step) -> Bool {
        if let service = step as? ServiceStep {
            return service.name == "kubelet" && (service.state == .started || service.state == .restarted)
        }
        return step.traits.contains(.joins) || step is RunStep || step is RebootStep || step is KubeletConfigStep
    }

    /// Whether a step before stops the kubelet, proves its host off, or is a script that may do either.
    private func endsKubelet(before index: Int) -> Bool {
        steps[..<index].contains { planned in
            planned.step.traits.contains(.stopsKubelet) || planned.step is HostOffStep || planned.step is RunStep
        }
    }

    private func mistake(at index: Int, _ message: String, _ mend: String) -> Diagnostic? {
        steps[index].location.map { Diagnostic(message, at: $0, suggestion: mend) }
    }

    private func doubt(at index: Int, _ message: String, _ mend: String) -> Diagnostic? {
        steps[index].location.map { Diagnostic(message, at: $0, suggestion: mend, severity: .warning) }
    }
}
