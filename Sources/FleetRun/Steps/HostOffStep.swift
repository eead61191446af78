public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `host_off: {command, timeout}` – a command on the machine that runs fleet proves that the node's host is powered off
/// (safety rules 5 and 11).
///
/// A silent kubelet proves nothing: its containers outlive it. A management board, a cloud's API or a power strip does.
/// Then the Node gets Kubernetes' own taint for that case, under which pod GC ends the pods that are terminating there, and
/// volumes are released; budgets still decide which pods go. The taint goes when the node's steps are done.
public struct HostOffStep: Step {
    /// `host_off`.
    public static let kind = "host_off"
    /// `command`.
    public static let shorthand: String? = "command"
    /// What it does, for editors and lists.
    public static let purpose =
        "A command proves that the host is powered off, so that its pods may be counted as ended."
    /// Kubernetes' taint for a node that is out of service.
    ///
    /// It evicts nothing by itself: that would pass the budgets.
    public static let taint = Taint(
        key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: .noSchedule)

    /// The shell text; bare templates are shell-quoted.
    ///
    /// `FLEET_HOST` and `FLEET_NODE` name the host.
    public var command: ShellTemplate
    /// How long the proof, and the Node's ceasing to be Ready, may take.
    public var timeout: Duration

    /// Reads `command` and `timeout` (5m).
    public init?(_ arguments: inout LocatedDecoder) {
        timeout = arguments.optional("timeout", .duration) ?? .seconds(300)
        guard let command = arguments.required("command", .shellTemplate) else { return nil }
        self.command = command
    }

    /// `prove the host off`.
    public var title: String { "prove the host off" }
    /// Repeatable: it looks, and taints.
    public var traits: StepTraits { .repeatable }
    /// The taint.
    public var temporary: Set<Compensation.Kind> { [.nodeTaint] }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("get", "nodes"), AccessQuestion("patch", "nodes")] }

    /// Asks until the command succeeds, holds the answer against the Node's own word, and taints the Node.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .done(changed: false, "the Node is gone") }
        guard context.memory.acts[Self.proof]?.success != nil else { return ask(context) }
        let deadline = context.memory.startedAt + timeout
        if node.isReady {
            let words = "the command says that host \(context.target.host) is off, and Node \(node.name) is Ready"
            return context.now < deadline
                ? .wait("\(words): waiting for it not to be", until: deadline)
                : .failed("\(words): it speaks of another machine; nothing was done about the Node's pods")
        }
        guard node.taints.contains(where: { $0.key == Self.taint.key }) else { return taint(node, context) }
        return .done(changed: true, "the host is off: what terminates on the Node has ended")
    }

    /// Says what would be asked.
    public func preview(_ context: StepContext) -> StepPreview {
        guard let node = context.current else { return StepPreview(["the Node is gone: nothing to prove"]) }
        do throws(Diagnostic) {
            _ = try question(context)
        } catch {
            return StepPreview(["cannot \(title): \(error)"])
        }
        let doubt = node.isReady ? "; the Node is Ready, so it would be set aside unless it ceases to be" : ""
        return StepPreview(["would ask whether the host is off, then taint the Node \(Self.taint.key)\(doubt)"])
    }

    private static let proof = "proof"
    private static let interval = Duration.seconds(10)

    private func ask(_ context: StepContext) -> StepProgress {
        let act: StepOperation
        do throws(Diagnostic) {
            act = StepOperation(
                key: Self.proof, title: "ask whether host \(context.target.host) is off", .local(try question(context)))
        } catch { return .failed("\(error)") }
        let (result, next) = context.answer(to: act)
        guard let result else { return next }
        let words = "the command does not prove that host \(context.target.host) is off: \(result.words)"
        let deadline = context.memory.startedAt + timeout
        let asked = context.memory.acts[Self.proof]?.changedAt ?? context.now
        guard asked + Self.interval < deadline else { return .failed("after \(timeout.text): \(words)") }
        return context.again(act, every: Self.interval, because: "\(words); asking again")
    }

    private func question(_ context: StepContext) throws(Diagnostic) -> LocalAct {
        var question = LocalCommand(
            script: try command.script(in: context.scope),
            environment: ["FLEET_HOST": context.target.host, "FLEET_NODE": context.target.node.rawValue],
            timeoutSeconds: max(1, min(60, timeout.components.seconds)))
        question.redactions = context.scope.secrets(of: command.names)
        return .command(question)
    }

    private func taint(_ node: Node, _ context: StepContext) -> StepProgress {
        let change = Compensation.taint(Self.taint.key, of: node)
        let note = change.note(by: context.run.id)
        return context.request(
            "taint", "taint \(node.name) \(Self.taint.key)",
            .patchNode(
                node.name, uid: node.uid,
                NodePatch(annotations: [note.key: note.value], addTaints: [Self.taint])),
            compensation: change, waitingFor: "the taint")
    }
}
