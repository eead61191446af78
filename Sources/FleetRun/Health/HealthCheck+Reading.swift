import FleetModel
import FleetPlanning

extension HealthCheck {
    /// What the check finds in the cluster as observed, or in the answer that the machine running fleet gave.
    func reading(of world: World, _ state: RunState, _ order: RunOrder, answer: OperationResult?) -> HealthReading {
        switch kind {
        case .readyNodes: readyNodes(world, state, order)
        case .pendingPods: pendingPods(world)
        case .budgets: budgets(world)
        case .probe: HealthReading(check: name, problem: failure(answer))
        case .metric(_, let bounds): metric(answer, bounds)
        }
    }

    /// The plan's own Nodes come and go: they do not count.
    ///
    /// What the run gave back to use must be Ready.
    private func readyNodes(_ world: World, _ state: RunState, _ order: RunOrder) -> HealthReading {
        let own = order.settings.retiring.union(state.nodes.keys)
        var values: [String: Double] = [:]
        var unready: [String] = []
        for node in world.nodes.values where !own.contains(node.name) {
            let zone = node.zone?.rawValue ?? ""
            values[zone, default: 0] += node.isReady ? 1 : 0
            if !node.isReady { unready.append(node.name.rawValue) }
        }
        return HealthReading(
            check: name, values: values, notes: unready.isEmpty ? nil : unready.sorted(),
            problem: unreadyAgain(world, state, order))
    }

    private func unreadyAgain(_ world: World, _ state: RunState, _ order: RunOrder) -> String? {
        let bad = state.order.filter { name in
            guard let node = state.nodes[name], node.phase == .finished, let current = world.nodes[name] else {
                return false
            }
            return !current.isReady && order.givesBack(node.target)
        }
        return bad.isEmpty ? nil : "given back and not Ready: \(bad.map(\.rawValue).joined(separator: ", "))"
    }

    /// Pods that wait for a node; those that nothing schedules yet on purpose (scheduling gates) do not count.
    private func pendingPods(_ world: World) -> HealthReading {
        let pending = world.pods.values.filter {
            $0.phase == .pending && $0.nodeName == nil && !$0.isTerminating
                && !$0.pendingReason.contains("scheduling gates")
        }
        let notes = pending.sorted { $0.key < $1.key }.prefix(10).map { pod in
            pod.pendingReason.isEmpty ? "\(pod.key)" : "\(pod.key) (\(pod.pendingReason))"
        }
        return HealthReading(
            check: name, values: ["pods": Double(pending.count)], notes: notes.isEmpty ? nil : Array(notes))
    }

    private func budgets(_ world: World) -> HealthReading {
        let broken = world.budgets.values.filter { $0.expectedPods > 0 && $0.currentHealthy < $0.desiredHealthy }
            .sorted { $0.key < $1.key }
        let notes = broken.map {
            "\($0.key) needs \($0.desiredHealthy) healthy pods and has \($0.currentHealthy)"
        }
        return HealthReading(
            check: name, values: Dictionary(broken.map { ("\($0.key)", 1) }, uniquingKeysWith: { first, _ in first }),
            notes: notes.isEmpty ? nil : notes)
    }

    // MARK: - Answers from outside

    private func failure(_ answer: OperationResult?) -> String? {
        guard let answer else { return "it was not asked" }
        return answer.isSuccess ? nil : answer.words
    }

    private func metric(_ answer: OperationResult?, _ bounds: MetricBounds) -> HealthReading {
        if let problem = failure(answer) { return HealthReading(check: name, problem: problem) }
        let numbers = (answer?.output ?? "").split(separator: " ").compactMap { Double($0) }
        guard let highest = numbers.max(), let lowest = numbers.min(), numbers.allSatisfy(\.isFinite) else {
            return HealthReading(check: name, problem: "the query has no number to show")
        }
        var reading = HealthReading(check: name, values: ["highest": highest, "lowest": lowest])
        if let most = bounds.most, highest > most {
            reading.problem = "\(Self.words(highest)), and at most \(Self.words(most)) is permitted"
        } else if let least = bounds.least, lowest < least {
            reading.problem = "\(Self.words(lowest)), and at least \(Self.words(least)) is wanted"
        }
        return reading
    }
}

extension RunOrder {
    /// Whether a finished node is in use again: it was uncordoned, or has joined.
    func givesBack(_ target: PlanTarget) -> Bool {
        steps.contains { $0.concerns(target) && !$0.step.traits.isDisjoint(with: [.uncordons, .joins]) }
    }
}
