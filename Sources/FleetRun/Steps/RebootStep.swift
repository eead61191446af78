public import FleetExpressions
import FleetModel
import FleetPlanning

/// `reboot: {only_if_needed, live, timeout}` – the host boots anew, and its boot id proves it.
///
/// The boot id is recorded before the host is told to: after a crash the step sees by it whether the host has booted
/// since, and never boots it twice. Refused under running pods unless `live: true` (safety rule 9).
public struct RebootStep: Step {
    /// `reboot`.
    public static let kind = "reboot"
    /// What it does, for editors and lists.
    public static let purpose = "The host boots anew, and its boot id proves it."

    /// Whether a host that says nothing of a pending reboot is left alone.
    public var onlyIfNeeded: Bool
    /// Whether running pods do not matter.
    public var isLive: Bool
    /// How long the host may stay away.
    public var timeout: Duration

    /// Reads `only_if_needed` (false), `live` (false) and `timeout` (10m).
    public init?(_ arguments: inout LocatedDecoder) {
        onlyIfNeeded = arguments.optional("only_if_needed", .bool) ?? false
        isLive = arguments.optional("live", .bool) ?? false
        timeout = arguments.optional("timeout", .duration) ?? .seconds(600)
    }

    /// `reboot the host`.
    public var title: String { "reboot the host" }
    /// Touches the host; repeatable, for the boot id tells what was done.
    public var traits: StepTraits { [.touchesHost, .interruptsHost, .repeatable, .diagnoses] }

    /// Notes the boot id, tells the host to boot, and asks again over new connections until it is another.
    public func advance(_ context: StepContext) -> StepProgress {
        let look = HostCommand(script: NodeScript.bootState, timeoutSeconds: 60)
        let (looked, looking) = context.command("boot id", "note the host's boot id", look, isRepeatable: true)
        guard let looked else { return looking }
        let state = NodeAnswer(looked.output)
        guard looked.isSuccess, let before = state.last("boot_id") else {
            return .failed("\(title): the host does not tell its boot id: \(looked.words)")
        }
        if onlyIfNeeded, state.last("reboot_required") != "yes" {
            return .done(changed: false, "the host asks for no reboot")
        }
        if context.memory.acts["reboot"] == nil, !isLive, let pod = context.livePods.first {
            return .failed(
                "a reboot would end pods that run here, \(pod.key) among them; drain the node first, or say live: true on this step"
            )
        }
        let order = HostCommand(script: NodeScript.reboot, environment: ["FLEET_BOOT_ID": before], timeoutSeconds: 60)
        let (ordered, ordering) = context.command("reboot", title, order, isRepeatable: true)
        guard let ordered else { return ordering }
        guard ordered.isSuccess else { return .failed("\(title): \(ordered.words)") }
        return awaitBoot(after: before, in: context)
    }

    /// Says whether the host would boot.
    public func preview(_ context: StepContext) -> StepPreview {
        let refusal = isLive ? [] : context.refusalUnderPods
        guard onlyIfNeeded else { return StepPreview(refusal + ["would \(title)"]) }
        let look = HostCommand(script: NodeScript.bootState, timeoutSeconds: 60)
        return StepPreview(
            refusal + ["would \(title) if it asks for that"],
            looks: [StepOperation(key: "look", title: title, .host(look))])
    }

    private func awaitBoot(after before: String, in context: StepContext) -> StepProgress {
        var command = HostCommand(script: NodeScript.bootState, timeoutSeconds: 30)
        command.needsNewConnection = true
        let reason = "the host to come back (timeout \(timeout.text))"
        let look = StepOperation(key: "back", title: "ask for the host's boot id", .host(command))
        let ordered = context.memory.acts["reboot"]?.changedAt ?? context.memory.startedAt
        guard let act = context.memory.acts["back"] else {
            return pause(ordered + Self.interval, look, reason, in: context)
        }
        guard case .finished(let result) = act.state else {
            return act.state == .inFlight ? .wait(reason) : .perform([look], waitingFor: reason)
        }
        if result.isSuccess, let now = NodeAnswer(result.output).last("boot_id"), now != before {
            return .done(changed: true, "rebooted: boot id \(before.prefix(8)) became \(now.prefix(8))")
        }
        guard context.now < ordered + timeout else {
            let words = result.isSuccess ? "its boot id is still \(before)" : result.words
            return context.failedWait("the host did not come back within \(timeout.text): \(words)")
        }
        return pause(act.changedAt + Self.interval, look, reason, in: context)
    }

    private func pause(_ next: Instant, _ look: StepOperation, _ reason: String, in context: StepContext)
        -> StepProgress
    {
        context.now < next ? .wait(reason, until: next) : .perform([look], waitingFor: reason)
    }

    private static let interval = Duration.seconds(3)
}
