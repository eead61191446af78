import FleetModel
import FleetPlanning

extension RunMachine {
    /// How often a host that does not answer is asked again who it is, and for how long.
    private static let proofInterval = Duration.seconds(10)
    private static let mostProofs = 180

    /// Whether a node's host was proved by this process before a step works on it; asks it, and sets the node aside where
    /// another answers.
    ///
    /// The preflight proves all hosts of a run that begins. A process that goes on with one may find another machine
    /// under the address, or have another inventory (safety rule 2).
    mutating func isProved(_ node: NodeProgress, before planned: PlannedStep, at index: Int) -> Bool {
        let name = node.target.node
        guard order.touchesHosts, !proved.contains(name) else { return true }
        // Nobody drains a node whose host cannot be reached (safety rule 6): one that is begun is asked at once.
        let isBegun = node.steps.values.contains { !$0.acts.isEmpty }
        let isNeeded = order.steps[index...].contains { $0.step.traits.contains(.touchesHost) }
        guard planned.step.traits.contains(.touchesHost) || !isBegun && isNeeded else { return true }
        switch state.act(Self.identityKey, of: name)?.state {
        case .inFlight: return false
        case .finished(let result) where result.isSuccess: return judge(node, result, planned)
        case .finished(let result): return asksAgain(node, after: result, planned)
        case nil, .inDoubt:
            if !beginsNothing { perform(Self.identityLook, node: name, index: nil) }
            return false
        }
    }

    private mutating func judge(_ node: NodeProgress, _ result: OperationResult, _ planned: PlannedStep) -> Bool {
        let name = node.target.node
        // A clean-up that began has taken the CA away, which the first proof knew.
        let isCleaned = order.cleans && !node.isCleanupBegun
        switch HostProof(of: node.target, result, settings: order.settings, isCleaned: isCleaned) {
        case .proved(var proof):
            if node.isCleanupBegun { proof.isClusterCA = proof.isClusterCA ?? node.identity?.isClusterCA }
            proved.insert(name)
            emit(.identityProved(proof))
            return true
        case .refused(let reason):
            quarantine(name, planned, "\(node.target.host): \(reason); nothing more was done there")
            return false
        }
    }

    /// A host that is down, or lets nobody in, as while it boots, is asked again.
    private mutating func asksAgain(
        _ node: NodeProgress, after result: OperationResult, _ planned: PlannedStep
    ) -> Bool {
        let name = node.target.node
        guard !beginsNothing, let act = state.act(Self.identityKey, of: name) else { return false }
        guard act.attempts < Self.mostProofs else {
            quarantine(name, planned, "\(node.target.host) cannot be asked who it is: \(result.words)")
            return false
        }
        note("host \(node.target.host) to say who it is: \(result.words)", planned, name)
        let due = act.changedAt + Self.proofInterval
        if now < due { wake(name, at: due) } else { perform(Self.identityLook, node: name, index: nil) }
        return false
    }

    static var identityLook: StepOperation {
        StepOperation(
            key: identityKey, title: "prove the host's identity",
            .host(HostCommand(script: NodeScript.identity, timeoutSeconds: 60)))
    }
}
