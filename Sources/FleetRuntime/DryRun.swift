public import FleetModel
public import FleetPorts
public import FleetRun

/// What a run would do on one node.
public struct NodePreview: Sendable {
    /// One step's part.
    public struct Step: Sendable {
        /// The step's kind.
        public var kind: String
        /// What it would do, in sentences.
        public var lines: [String]
    }

    /// The node.
    public var node: NodeName
    /// Its wave.
    public var wave: Int
    /// Why its host cannot be worked on; nil when it can, or no step needs it.
    public var refusal: String?
    /// Step by step.
    public var steps: [Step]
}

/// Says what a run would change, on the API and on the hosts, and changes nothing.
public struct DryRun: Sendable {
    private let hosts: any HostPort
    private let endpoints: [NodeName: HostEndpoint]

    /// A dry run over the hosts; only scripts that look are sent.
    public init(hosts: any HostPort, endpoints: [NodeName: HostEndpoint]) {
        self.hosts = hosts
        self.endpoints = endpoints
    }

    /// Previews every node of the order against a snapshot, `parallelism` hosts at a time, in the order of the plan.
    public func preview(_ order: RunOrder, of snapshot: ClusterSnapshot, at now: Instant) async -> [NodePreview] {
        let previews = RunPreview(order, of: snapshot, at: now).nodes
        return await withTaskGroup(of: (Int, NodePreview).self) { group in
            var results: [Int: NodePreview] = [:]
            for (position, preview) in previews.enumerated() {
                if position >= order.policy.parallelism, let (done, result) = await group.next() {
                    results[done] = result
                }
                group.addTask { (position, await look(preview)) }
            }
            for await (position, result) in group { results[position] = result }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func look(_ preview: RunPreview.Node) async -> NodePreview {
        var result = NodePreview(node: preview.node, wave: preview.wave, refusal: nil, steps: [])
        var report: HostReport?
        if let identity = preview.identity {
            let answer = await run(identity, on: preview.node)
            result.refusal = preview.refusal(answer)
            report = answer
        }
        for step in preview.steps(report) {
            var lines = step.preview.lines
            if result.refusal == nil {
                for look in step.preview.looks {
                    switch look.operation {
                    case .host(let command): lines += step.words(for: await run(command, on: preview.node))
                    case .otherHost(let name, let command): lines += step.words(for: await run(command, on: name))
                    case .cluster, .local, .nodeHealth: continue
                    }
                }
            }
            result.steps.append(NodePreview.Step(kind: step.kind, lines: lines))
        }
        return result
    }

    private func run(_ command: HostCommand, on node: NodeName) async -> HostReport {
        guard let endpoint = endpoints[node] else {
            return HostReport(outcome: .neverStarted("the inventory has no host for Node \(node)"))
        }
        return await hosts.run(command, on: endpoint).redacted(for: command)
    }
}
