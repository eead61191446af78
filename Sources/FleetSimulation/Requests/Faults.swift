import FleetModel

/// Faults: scripted answers, paused controllers, pods that misbehave.
extension SimulatedCluster {
    mutating func inject(_ fault: SimulationFault) {
        switch fault {
        case .answer(let pattern, let answer, let count):
            if count > 0 { answers.append((pattern, answer, count)) }
        case .clearAnswers: answers.removeAll()
        case .controller(let controller, let isPaused): pause(controller, isPaused)
        case .releaseFinalizers(let key): releaseFinalizers(key)
        case .podReadiness(let key, let isReady): setProbe(key, isReady)
        case .ignoresTermination(let key):
            if let index = podIndex[key] { pods[index].ignoresTermination = true }
        }
    }

    private mutating func pause(_ controller: SimulationController, _ isPaused: Bool) {
        guard !isPaused else {
            paused.insert(controller)
            return
        }
        paused.remove(controller)
        for task in parked.removeValue(forKey: controller) ?? [] { queue.add(task, at: now) }
    }

    private mutating func releaseFinalizers(_ key: ObjectKey) {
        guard let index = podIndex[key], !pods[index].pod.finalizers.isEmpty else { return }
        change(index) { $0.pod.finalizers = [] }
        if pods[index].pod.isTerminating, pods[index].deletionGrace == 0 { remove(index) }
    }

    private mutating func setProbe(_ key: ObjectKey, _ isReady: Bool?) {
        guard let index = podIndex[key] else { return }
        pods[index].probe = isReady
        if let isReady, pods[index].pod.phase == .running { setReady(index, isReady) }
        startKubelet(index)
    }

    // MARK: Answers

    func matchingAnswer(_ command: SimulationCommand) -> Int? {
        guard !answers.isEmpty, let (verb, key) = target(command) else { return nil }
        return answers.firstIndex { entry in
            (entry.pattern.verb == nil || entry.pattern.verb == verb)
                && (entry.pattern.key == nil || entry.pattern.key == key)
        }
    }

    private func target(_ command: SimulationCommand) -> (RequestPattern.Verb, ObjectKey)? {
        switch command {
        case .request(let request, _): target(request)
        case .evict(let key, _): (.evict, key)
        case .delete(let identity, _) where identity.kind == .pod: (.deletePod, identity.key)
        case .delete(let identity, _) where identity.kind == .node: (.deleteNode, identity.key)
        case .delete(let identity, _): (.write, identity.key)
        case .scale(let identity, _, _): (.scale, identity.key)
        case .replace(let object, _) where object.identity.kind == .node: (.patchNode, object.identity.key)
        case .create(let object, _), .replace(let object, _), .replaceStatus(let object, _):
            (.write, object.identity.key)
        case .bind(let key, _, _): (.write, key)
        case .host, .addHost, .fault: nil
        }
    }

    private func target(_ request: ClusterRequest) -> (RequestPattern.Verb, ObjectKey) {
        switch request {
        case .patchNode(let name, _, _): (.patchNode, ObjectKey("", name.rawValue))
        case .evict(let pod, _): (.evict, pod.key)
        case .deletePod(let pod, _): (.deletePod, pod.key)
        case .deleteNode(let name, _): (.deleteNode, ObjectKey("", name.rawValue))
        case .scale(let workload, _, _): (.scale, workload.key)
        case .setMinimumReplicas(let key, _, _): (.write, key)
        case .setBudget(let key, _, _, _): (.write, key)
        case .ifUnchanged(_, let patch): target(patch)
        case .createBootstrapToken(let token): (.write, ObjectKey("kube-system", "bootstrap-token-\(token.id)"))
        case .deleteBootstrapToken(let id): (.write, ObjectKey("kube-system", "bootstrap-token-\(id)"))
        case .confirmTokenSignature: (.write, ObjectKey("kube-public", "cluster-info"))
        case .recordEvent(let event): (.write, ObjectKey("default", event.name))
        }
    }

    /// Gives a scripted answer; the write may land all the same.
    mutating func give(_ answer: FaultAnswer, to command: SimulationCommand) -> (SimulationReply, Duration) {
        switch answer {
        case .timedOut(let lands):
            if lands { carryOutUnanswered(command) }
            let message = "Timeout: request did not complete within requested timeout - context deadline exceeded"
            return (
                .refused(SimulationRefusal(status: 504, reason: "Timeout", message: message, code: .timedOut)),
                .seconds(34)
            )
        case .connectionLost(let lands):
            if lands { carryOutUnanswered(command) }
            return (.lost, .zero)
        case .budgetConflict: return (.refused(budgetConflict(command)), .seconds(10))
        default: return (.refused(refusal(answer, command)), .zero)
        }
    }

    private mutating func carryOutUnanswered(_ command: SimulationCommand) {
        let kept = answers
        answers = []
        _ = perform(command)
        answers = kept
    }

    private func budgetName(_ command: SimulationCommand) -> String {
        guard let (_, key) = target(command), let pod = podIndex[key], let budget = pods[pod].budgets.first else {
            return "budget"
        }
        return budgets[Int(budget)].budget.key.name
    }

    private func budgetConflict(_ command: SimulationCommand) -> SimulationRefusal {
        let namespace = target(command)?.1.namespace ?? ""
        return .modified(ObjectIdentity(.budget, ObjectKey(namespace, budgetName(command))))
    }

    private func refusal(_ answer: FaultAnswer, _ command: SimulationCommand) -> SimulationRefusal {
        switch answer {
        case .throttled(let seconds):
            SimulationRefusal(
                status: 429, message: "Too many requests, please try again later.", retryAfterSeconds: seconds,
                isPlainText: true, code: .throttled)
        case .cacheInitialising(let seconds):
            SimulationRefusal(
                status: 429, reason: "TooManyRequests", message: "storage is (re)initializing",
                details: SimulationRefusal.Details(), retryAfterSeconds: seconds, code: .throttled)
        case .budgetSpent:
            .budget("The disruption budget \(budgetName(command)) does not allow evicting pods currently")
        case .budgetNotObserved: .budgetNotObserved(budgetName(command))
        case .forbidden:
            SimulationRefusal(
                status: 403, reason: "Forbidden", message: "forbidden: the request is not allowed",
                details: SimulationRefusal.Details(name: target(command)?.1.name ?? ""), code: .forbidden)
        case .serverError(let status, let message):
            SimulationRefusal(status: status, reason: "InternalError", message: message, code: .serverError)
        case .timedOut, .connectionLost, .budgetConflict:
            SimulationRefusal(status: 500, message: "", code: .serverError)
        }
    }
}
