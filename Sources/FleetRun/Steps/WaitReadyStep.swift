public import FleetExpressions
import FleetModel
import FleetPlanning

/// `wait_ready: {timeout, version, capacity, allocatable, daemons, diagnose}` – the Node is Ready, and as large as expected (E9).
///
/// `capacity` and `allocatable` are compared with the Node's; without them the host's variables of these names are, where
/// the inventory has them.
/// CPUs and pods must be there to the last one, memory to nine tenths: firmware and kernel keep a part of it.
public struct WaitReadyStep: Step {
    /// `wait_ready`.
    public static let kind = "wait_ready"
    /// What it does, for editors and lists.
    public static let purpose = "The Node is Ready, and as large as expected."

    /// How long becoming Ready may take.
    public var timeout: Duration
    /// The kubelet's version, with or without `v`; nil accepts any.
    public var version: Template?
    /// Whether the pods that DaemonSets have on it must be Ready too, the network plugin's among them (E10).
    public var awaitsDaemons: Bool
    /// Whether the host is asked why, should the Node not become Ready in time (X4).
    public var diagnoses: Bool
    /// Amounts by name: `cpu`, `memory`, `pods`, or an extended resource.
    public var capacity: [String: Template]?
    /// The same of what is left for pods.
    public var allocatable: [String: Template]?

    /// Reads `timeout` (10m), `version`, `capacity`, `allocatable`, `daemons` (false) and `diagnose` (true).
    public init?(_ arguments: inout LocatedDecoder) {
        timeout = arguments.optional("timeout", .duration) ?? .seconds(600)
        awaitsDaemons = arguments.optional("daemons", .bool) ?? false
        diagnoses = arguments.optional("diagnose", .bool) ?? true
        version = arguments.optional("version", .template)
        capacity = arguments.optional("capacity", .dictionary(of: .amount))
        allocatable = arguments.optional("allocatable", .dictionary(of: .amount))
    }

    /// `wait until the Node is Ready`.
    public var title: String { "wait until the Node is Ready" }
    /// Repeatable; asks the host where the Node does not become Ready.
    public var traits: StepTraits {
        diagnoses ? [.touchesHost, .repeatable, .onlyLooks, .diagnoses] : [.repeatable, .onlyLooks]
    }

    /// Waits for the Ready condition, then judges version and size.
    public func advance(_ context: StepContext) -> StepProgress {
        let name = context.target.node
        guard let node = context.current else { return wait("Node \(name) to register", in: context) }
        guard node.isReady else { return wait("Node \(name) to be Ready (it is \(node.readinessWords))", in: context) }
        if awaitsDaemons, let reason = unreadyDaemons(on: name, in: context.world) { return wait(reason, in: context) }
        do {
            let mistakes = try mismatches(of: node, in: context)
            guard mistakes.isEmpty else { return .failed(mistakes.joined(separator: "; ")) }
        } catch {
            return .failed("\(title): \(error)")
        }
        let words = ["Ready, kubelet \(node.kubeletVersion)", context.world.zoneBalance, Self.advice(on: node)]
        return .done(changed: false, words.compactMap(\.self).joined(separator: "; "))
    }

    /// Says what is awaited.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview(["would wait for the Node to be Ready, at most \(timeout.text)"])
    }

    private func wait(_ reason: String, in context: StepContext) -> StepProgress {
        let deadline = context.memory.startedAt + timeout
        guard context.now >= deadline else { return .wait(reason, until: deadline) }
        let words = "waited \(timeout.text) for \(reason)"
        return diagnoses ? context.failedWait(words) : .failed(words)
    }

    private func unreadyDaemons(on node: NodeName, in world: World) -> String? {
        let unready = world.pods(on: node).filter { $0.isDaemon && !$0.isReady && !$0.isTerminating && !$0.isFinished }
        guard !unready.isEmpty else { return nil }
        return "DaemonSets' pods to be Ready: \(unready.map(\.key.description).joined(separator: ", "))"
    }

    private func mismatches(of node: Node, in context: StepContext) throws -> [String] {
        var mistakes: [String] = []
        if let wanted = try version?.text(in: context.scope),
            wanted.drop(while: { $0 == "v" }) != node.kubeletVersion.drop(while: { $0 == "v" })
        {
            mistakes.append("Node \(node.name) runs kubelet \(node.kubeletVersion), not \(wanted)")
        }
        mistakes += try shortages(of: node, "capacity", node.capacity, capacity, in: context.scope)
        mistakes += try shortages(of: node, "allocatable", node.allocatable, allocatable, in: context.scope)
        return mistakes
    }

    /// What a Node has less of than the step, else the host's variable of that name, expects.
    private func shortages(
        of node: Node, _ what: String, _ amounts: Resources, _ expected: [String: Template]?, in scope: VariableScope
    ) throws -> [String] {
        try expectations(what, expected, in: scope).compactMap { name, amount in
            guard let wanted = CapacityAmount(name: name, text: amount) else {
                throw StepRefusal("\(what) \(name): \"\(amount)\" is no amount such as 16, 64Gi or 500m")
            }
            let found = wanted.found(in: amounts)
            guard found < wanted.least else { return nil }
            let has = what == "capacity" ? "has \(name)" : "has \(what) \(name)"
            return "Node \(node.name) \(has) \(wanted.text(of: found)), the inventory expects \(amount)"
        }
    }

    private func expectations(
        _ what: String, _ expected: [String: Template]?, in scope: VariableScope
    ) throws -> [(name: String, amount: String)] {
        if let expected {
            return try expected.sorted { $0.key < $1.key }.map { ($0.key, try $0.value.text(in: scope)) }
        }
        guard let known = try scope.value(of: what) else { return [] }
        guard let mapping = known.mappingValue else {
            throw StepRefusal("the variable \(what) is \(known.kindName), not a mapping")
        }
        return try mapping.entries.sorted { $0.name < $1.name }.map { name, value in
            guard let text = value.scalarText else { throw StepRefusal("\(what).\(name) is \(value.kindName)") }
            return (name, text)
        }
    }

    private static func advice(on node: Node) -> String? {
        NodeReservation.isMissing(on: node)
            ? "nothing is kept back for the system and the kubelet (kubelet_config)" : nil
    }
}

extension Node {
    /// `not Ready`, or `not heard of` while the API has lost sight of the kubelet.
    var readinessWords: String { self.readiness == .unknown ? "not heard of" : "not Ready" }
}

extension ValueForm<Template> {
    /// A quantity such as `16`, `64Gi` or `500m`, which may hold `{{ }}`.
    fileprivate static var amount: ValueForm {
        .constant("an amount such as 16, 64Gi or 500m, which may hold {{ }}") {
            CapacityAmount(name: "", text: $0) != nil
        }
    }
}
