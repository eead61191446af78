import FleetExpressions
public import FleetModel
import FleetPlanning

/// What a run would do, worked out without doing it: sentences, and scripts that only look.
public struct RunPreview: Sendable {
    /// One step's part.
    public struct Step: Sendable {
        /// The step's kind.
        public var kind: String
        /// What it says.
        public var preview: StepPreview

        /// What a look on the host found, as sentences.
        public func words(for report: HostReport) -> [String] {
            let answer = NodeAnswer(report.standardOutput)
            let changes = HostChangeReport(answer)
            if let failure = changes.failure { return ["would be refused: \(failure)"] }
            guard report.outcome.isSuccess else { return ["cannot look: \(OperationResult(report).words)"] }
            let removals = answer.all("pending").map { "would remove \($0)" }
            let orders = changes.pending.map { "would \($0)" }
            let others = report.standardOutput.split(whereSeparator: \.isNewline)
                .filter { $0.hasPrefix("would ") }.map(String.init)
            let holds = orders.isEmpty ? changes.holds.map { "nothing to do: \($0)" } : []
            let members = answer.all("member").map { "etcd has the member \($0)" }
            let healthy = answer.all("healthy").map { "etcd is healthy at \($0)" }
            return removals + orders + others + holds + members + healthy
        }
    }

    /// One node's part.
    public struct Node: Sendable {
        /// The node.
        public var node: NodeName { target.node }
        let target: PlanTarget
        /// Its wave.
        public var wave: Int
        /// Asks the host who it is; nil when no step needs the host.
        public var identity: HostCommand?
        let machine: RunMachine
        let settings: RunSettings
        let isCleaned: Bool

        /// Step by step, knowing what the host says of itself; nil where it was not asked.
        public func steps(_ report: HostReport?) -> [Step] {
            var machine = machine
            if let report {
                let intent = RunEvent.OperationIntended(
                    id: 1, node: node, index: nil, key: RunMachine.identityKey, title: "")
                machine.state.apply(.operationIntended(intent), at: machine.now)
                let answer = RunEvent.OperationFinished(id: 1, result: OperationResult(report))
                machine.state.apply(.operationFinished(answer), at: machine.now)
            }
            guard var progress = machine.state.nodes[node] else { return [] }
            return machine.order.steps.indices.filter { machine.order.steps[$0].concerns(target) }.map { index in
                let planned = machine.order.steps[index]
                switch machine.wish(planned, index, node) {
                case .unwanted(let reason):
                    return Step(
                        kind: planned.kind, preview: StepPreview(["would be left out: \(reason) does not hold"]))
                case .undecided(let reason):
                    return Step(kind: planned.kind, preview: StepPreview(["perhaps; decided in the run: \(reason)"]))
                case .wanted:
                    let preview = planned.step.preview(machine.context(for: progress, index))
                    // What comes after a drain finds the node empty.
                    if planned.step.traits.contains(.drains) { progress.isDrained = true }
                    return Step(kind: planned.kind, preview: preview)
                }
            }
        }

        /// Why the host cannot be worked on; nil when it can.
        public func refusal(_ report: HostReport) -> String? {
            let proof = HostProof(of: target, OperationResult(report), settings: settings, isCleaned: isCleaned)
            return if case .refused(let reason) = proof { reason } else { nil }
        }
    }

    /// Node by node, in the order of the plan.
    public var nodes: [Node]

    /// Works it out against a snapshot.
    public init(_ order: RunOrder, of snapshot: ClusterSnapshot, at now: Instant) {
        var machine = RunMachine(order)
        machine.world.synchronize(with: snapshot)
        machine.now = now
        let identity = HostCommand(script: NodeScript.identity, timeoutSeconds: 60)
        nodes = machine.state.order.compactMap { machine.state.nodes[$0] }.map { node in
            Node(
                target: node.target, wave: node.wave, identity: order.touchesHosts ? identity : nil, machine: machine,
                settings: order.settings, isCleaned: order.cleans
            )
        }
    }
}
