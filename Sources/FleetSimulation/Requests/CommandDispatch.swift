import FleetModel

/// Commands and fleet's requests, on their way to what carries them out.
extension SimulatedCluster {
    mutating func perform(_ command: SimulationCommand) -> (SimulationReply, Duration) {
        guard let position = matchingAnswer(command) else { return carryOut(command) }
        let answer = answers[position].answer
        answers[position].count -= 1
        if answers[position].count <= 0 { answers.remove(at: position) }
        return give(answer, to: command)
    }

    private mutating func carryOut(_ command: SimulationCommand) -> (SimulationReply, Duration) {
        switch command {
        case .request(let request, let isDryRun): return perform(request, isDryRun: isDryRun)
        case .create(let object, let isDryRun): return (create(object, isDryRun: isDryRun), .zero)
        case .replace(let object, let options): return (replace(object, options), .zero)
        case .replaceStatus(let object, let options): return (replaceStatus(object, options), .zero)
        case .scale(let identity, let replicas, let options): return (scale(identity, replicas, options), .zero)
        case .delete(let identity, let options): return (delete(identity, options), .zero)
        case .evict(let key, let options): return evict(key, options)
        case .bind(let key, let node, let isDryRun): return (bind(key, node, isDryRun: isDryRun), .zero)
        case .host(let name, let action): return (perform(action, on: name), .zero)
        case .addHost(let host):
            addHost(host)
            return (.done(nil), .zero)
        case .fault(let fault):
            inject(fault)
            return (.done(nil), .zero)
        }
    }

    private mutating func perform(_ request: ClusterRequest, isDryRun: Bool) -> (SimulationReply, Duration) {
        switch request {
        case .patchNode(let name, let uid, let patch):
            return (patchNode(name, uid: uid, patch, isDryRun: isDryRun), .zero)
        case .evict(let pod, let grace):
            return evict(pod.key, DeleteOptions(isDryRun: isDryRun, gracePeriodSeconds: grace, uid: pod.uid))
        case .deletePod(let pod, let grace):
            return (
                deletePod(pod.key, DeleteOptions(isDryRun: isDryRun, gracePeriodSeconds: grace, uid: pod.uid)), .zero
            )
        case .deleteNode(let name, let uid):
            let identity = ObjectIdentity(.node, ObjectKey("", name.rawValue))
            return (delete(identity, DeleteOptions(isDryRun: isDryRun, uid: uid)), .zero)
        case .scale(let workload, let replicas, let annotations):
            return (scale(workload, replicas, annotations, isDryRun: isDryRun), .zero)
        case .setMinimumReplicas(let key, let minimum, let annotations):
            return (setMinimum(key, minimum, annotations, isDryRun: isDryRun), .zero)
        case .setBudget(let key, let uid, let bound, let annotations):
            return (setBudget(key, uid, bound, annotations, isDryRun: isDryRun), .zero)
        case .ifUnchanged(let version, let patch):
            if let refusal = refusal(of: patch, unlessAt: version) { return (.refused(refusal), .zero) }
            return perform(patch, isDryRun: isDryRun)
        // Secrets and Events are the server's; the simulation's hosts join by being told to.
        case .createBootstrapToken, .deleteBootstrapToken, .confirmTokenSignature, .recordEvent:
            return (.done(nil), .zero)
        }
    }

    /// Why a patch is refused: its object has moved on from the version that it was made for.
    private func refusal(of patch: ClusterRequest, unlessAt version: String) -> SimulationRefusal? {
        let identity: ObjectIdentity
        switch patch {
        case .patchNode(let name, _, _): identity = ObjectIdentity(.node, ObjectKey("", name.rawValue))
        case .scale(let workload, _, _): identity = ObjectIdentity(SimulationKind(workload.kind), workload.key)
        case .setMinimumReplicas(let key, _, _): identity = ObjectIdentity(.autoscaler, key)
        case .setBudget(let key, _, _, _): identity = ObjectIdentity(.budget, key)
        default: return nil
        }
        guard let found = stored(identity), String(found.resourceVersion) != version else { return nil }
        return .modified(identity)
    }

    private mutating func patchNode(
        _ name: NodeName, uid: ObjectUID, _ patch: NodePatch, isDryRun: Bool
    ) -> SimulationReply {
        let identity = ObjectIdentity(.node, ObjectKey("", name.rawValue))
        guard let index = nodeIndex(name) else { return .refused(.notFound(identity)) }
        let found = nodes[index].node.uid
        guard uid == found || uid.rawValue.isEmpty else {
            return .refused(.precondition(identity, "UID", wanted: uid.rawValue, found: found.rawValue))
        }
        if !isDryRun { change(node: index) { $0.apply(patch) } }
        return .done(storedNode(index))
    }

    private mutating func scale(
        _ reference: WorkloadReference, _ replicas: Int, _ annotations: [String: String?], isDryRun: Bool
    ) -> SimulationReply {
        let identity = ObjectIdentity(SimulationKind(reference.kind), reference.key)
        guard let index = workloadIndex[identity] else { return .refused(.notFound(identity)) }
        let found = workloads[index].workload.reference.uid
        guard reference.uid == found || reference.uid.rawValue.isEmpty else {
            return .refused(.precondition(identity, "UID", wanted: reference.uid.rawValue, found: found.rawValue))
        }
        guard !isDryRun else { return .done(storedWorkload(index)) }
        change(workload: index) {
            $0.workload.replicas = replicas
            $0.workload.annotations.apply(annotations)
        }
        return .done(storedWorkload(index))
    }

    private mutating func setBudget(
        _ key: ObjectKey, _ uid: ObjectUID, _ bound: BudgetBound?, _ annotations: [String: String?], isDryRun: Bool
    ) -> SimulationReply {
        let identity = ObjectIdentity(.budget, key)
        guard var budget = budget(key) else { return .refused(.notFound(identity)) }
        guard uid == budget.uid || uid.rawValue.isEmpty else {
            return .refused(.precondition(identity, "UID", wanted: uid.rawValue, found: budget.uid.rawValue))
        }
        guard !isDryRun else { return .done(stored(identity)) }
        budget.set(bound)
        budget.annotations.apply(annotations)
        replaceBudget(budget)
        return .done(stored(identity))
    }

    private mutating func setMinimum(
        _ key: ObjectKey, _ minimum: Int, _ annotations: [String: String?], isDryRun: Bool
    ) -> SimulationReply {
        let identity = ObjectIdentity(.autoscaler, key)
        guard var autoscaler = autoscalers[key]?.value else { return .refused(.notFound(identity)) }
        guard !isDryRun else { return .done(stored(identity)) }
        autoscaler.minReplicas = minimum
        autoscaler.annotations.apply(annotations)
        put(.autoscaler(autoscaler))
        raiseToMinimum(autoscaler)
        return .done(stored(identity))
    }

    /// The autoscaler's only move in the simulation: its target has at least the minimum.
    mutating func raiseToMinimum(_ autoscaler: PodAutoscaler) {
        guard let kind = SimulationKind(rawValue: autoscaler.targetKind) else { return }
        let key = ObjectKey(autoscaler.key.namespace, autoscaler.targetName)
        guard let index = workloadIndex[ObjectIdentity(kind, key)] else { return }
        guard workloads[index].workload.replicas < autoscaler.minReplicas else { return }
        change(workload: index) { $0.workload.replicas = autoscaler.minReplicas }
    }
}

extension [String: String] {
    /// Sets values; nil removes.
    mutating func apply(_ changes: [String: String?]) {
        for (key, value) in changes { self[key] = value }
    }
}

extension Node {
    /// Applies a patch; taints are told apart by key and effect.
    mutating func apply(_ patch: NodePatch) {
        if let isCordoned = patch.isCordoned { self.isCordoned = isCordoned }
        self.labels.apply(patch.labels)
        self.annotations.apply(patch.annotations)
        for taint in patch.removeTaints { self.taints.removeAll { $0.key == taint.key && $0.effect == taint.effect } }
        for taint in patch.addTaints {
            if let known = self.taints.firstIndex(where: { $0.key == taint.key && $0.effect == taint.effect }) {
                self.taints[known] = taint
            } else {
                self.taints.append(taint)
            }
        }
    }
}
