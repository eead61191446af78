public import FleetModel

/// A step that brings a host into a state with one script: the script looks first and changes only what differs.
///
/// A second run therefore changes nothing and says so (E13), and the script may run again after a crash.
public protocol HostStateStep: Step {
    /// The script with its variables; values reach it through the environment, never through its text (safety rule 26).
    ///
    /// Throws what makes the command impossible, such as an undefined variable.
    func command(in context: StepContext) throws -> HostCommand

    /// Whether a change disturbs the pods that run on the host: then it is refused while there are any (safety rule 9).
    var disturbsPods: Bool { get }
}

extension HostStateStep {
    /// Leaves pods alone.
    public var disturbsPods: Bool { false }

    /// Touches the host; repeatable, also where it failed.
    public var traits: StepTraits { [.touchesHost, .repeatable, .retriable] }

    /// Runs the script; on a host with live pods it only looks, and refuses where something would change.
    public func advance(_ context: StepContext) -> StepProgress {
        let command: HostCommand
        do { command = try self.command(in: context) } catch { return .failed("\(title): \(error)") }
        if disturbsPods, context.memory.acts["apply"] == nil, !context.livePods.isEmpty {
            return look(command, in: context)
        }
        let (result, next) = context.command("apply", title, command.preparing(isDryRun: false), isRepeatable: true)
        guard let result else { return next }
        let report = HostChangeReport(NodeAnswer(result.output))
        let words = "\(title): \(report.failure ?? result.words)"
        guard result.isSuccess else { return result.hasEnded ? .unsuccessful(words) : .failed(words) }
        return .done(changed: !report.changed.isEmpty, report.sentence)
    }

    /// Says what would change, from the host itself.
    public func preview(_ context: StepContext) -> StepPreview {
        do {
            let command = try self.command(in: context).preparing(isDryRun: true)
            return StepPreview(
                disturbsPods ? context.refusalUnderPods : [],
                looks: [StepOperation(key: "look", title: title, .host(command))])
        } catch {
            return StepPreview(["cannot \(title): \(error)"])
        }
    }

    private func look(_ command: HostCommand, in context: StepContext) -> StepProgress {
        let (result, next) = context.command(
            "look", "look whether to \(title)", command.preparing(isDryRun: true), isRepeatable: true)
        guard let result else { return next }
        let report = HostChangeReport(NodeAnswer(result.output))
        guard result.isSuccess else { return .failed("\(title): \(report.failure ?? result.words)") }
        guard !report.pending.isEmpty else { return .done(changed: false, report.sentence) }
        return .failed(
            "would \(report.pending.joined(separator: ", ")) under pods that run here: \(context.livePods.names); nothing was changed; drain the node first, or say live: true on this step"
        )
    }
}

extension [Pod] {
    /// The first three, and how many more.
    var names: String {
        prefix(3).map(\.key.description).joined(separator: ", ") + (count > 3 ? " and \(count - 3) more" : "")
    }
}

extension StepContext {
    /// Pods other than DaemonSets' and the kubelet's own (safety rule 9); somebody may have let them come after a drain.
    var livePods: [Pod] { remaining }

    /// What a preview says of a step that disturbs pods where there are any; nothing where there are none.
    var refusalUnderPods: [String] {
        // What comes after a drain finds the node empty.
        node.isDrained || livePods.isEmpty
            ? []
            : [
                "would be refused where it changes anything, unless the node was drained: pods run here: \(livePods.names)"
            ]
    }
}

extension HostCommand {
    /// The same command, told whether to change anything.
    func preparing(isDryRun: Bool) -> HostCommand {
        var command = self
        command.environment["FLEET_DRY_RUN"] = isDryRun ? "1" : "0"
        return command
    }
}

/// Why a step's command cannot be made, in a sentence.
struct StepRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
