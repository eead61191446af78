public import FleetExpressions
import FleetModel

/// `service: {name, state, enabled, restart_if_newer}` – a systemd unit is started or stopped, enabled or disabled, and
/// asked afterwards.
///
/// With `restart_if_newer` a unit that runs is restarted only when one of the files is younger than its start: what it
/// reads was changed since, by this run or by an earlier one that broke off.
public struct ServiceStep: Step {
    /// `service`.
    public static let kind = "service"
    /// What it does, for editors and lists.
    public static let purpose = "A systemd unit is started or stopped, enabled or disabled, and asked afterwards."

    /// What the unit should do now.
    public enum State: String, CaseIterable, Sendable {
        case started, stopped, restarted
    }

    /// The unit.
    public var name: String
    /// What it should do now; nil leaves it.
    public var state: State?
    /// Whether it starts at boot; nil leaves it.
    public var isEnabled: Bool?
    /// Files that the unit reads when it starts.
    public var files: [String]
    /// Whether running pods do not matter to a restart (safety rule 9).
    public var isLive: Bool

    /// Reads `name`, `state`, `enabled`, `restart_if_newer` and `live` (false).
    public init?(_ arguments: inout LocatedDecoder) {
        let name = arguments.required("name", .unitName)
        state = arguments.optional("state", .choice)
        isEnabled = arguments.optional("enabled", .bool)
        files = arguments.optional("restart_if_newer", .oneOrMore(of: .absolutePath)) ?? []
        isLive = arguments.optional("live", .bool) ?? false
        if !files.isEmpty, state != .started {
            arguments.report("restart_if_newer goes with state: started")
        }
        guard let name else { return nil }
        self.name = name
    }

    /// `service kubelet stopped`.
    public var title: String {
        let enabled = isEnabled.map { $0 ? "enabled" : "disabled" }
        return (["service \(name)", state?.rawValue, enabled].compactMap(\.self)).joined(separator: " ")
    }

    /// Touches the host; repeatable unless it restarts.
    public var traits: StepTraits {
        [
            .touchesHost, .interruptsHost, .retriable, state == .restarted ? [] : .repeatable,
            name == "kubelet" && state == .stopped ? .stopsKubelet : [], startsKubelet ? .diagnoses : [],
        ]
    }

    /// Runs systemctl, and believes only what it says afterwards.
    public func advance(_ context: StepContext) -> StepProgress {
        if endsPods, !isLive, context.memory.acts["service"] == nil, let pod = context.livePods.first {
            return .failed(
                "\(title) would end pods that run here, \(pod.key) among them; drain the node first, or say live: true on this step"
            )
        }
        if let refusal = refusesRestart(in: context) { return refusal }
        let (result, next) = context.command(
            "service", title, command(isDryRun: false), isRepeatable: traits.contains(.repeatable))
        guard let result else { return next }
        let words = "\(title): \(result.words)"
        guard result.isSuccess else { return failed(words, result, in: context) }
        return .done(changed: result.output.contains("changed=yes"), title)
    }

    /// Asks systemctl what would change.
    public func preview(_ context: StepContext) -> StepPreview {
        let look = StepOperation(key: "look", title: title, .host(command(isDryRun: true)))
        let mayRestart = endsPods || isRuntime && !files.isEmpty
        let refusal = mayRestart && !isLive ? context.refusalUnderPods : []
        return StepPreview(refusal + ["would see to it: \(title)"], looks: [look])
    }

    private var startsKubelet: Bool { name == "kubelet" && (state == .started || state == .restarted) }

    /// A kubelet that does not stay up is asked why (X4).
    private func failed(_ words: String, _ result: OperationResult, in context: StepContext) -> StepProgress {
        guard result.hasEnded else { return .failed(words) }
        guard startsKubelet else { return .unsuccessful(words) }
        switch context.failedWait(words) {
        case .failed(let words, let findings): return .unsuccessful(words, findings)
        case let next: return next
        }
    }

    private var isRuntime: Bool { ["containerd", "docker", "crio", "cri-docker"].contains(name) }

    /// Whether it stops what runs the pods; without its kubelet a node is given up after minutes, past every budget.
    private var endsPods: Bool {
        isRuntime && state == .restarted || (isRuntime || name == "kubelet") && state == .stopped
    }

    /// Under running pods the runtime is only looked at, and its restart refused; nil where nothing stands against it.
    private func refusesRestart(in context: StepContext) -> StepProgress? {
        guard isRuntime, !files.isEmpty, !isLive, context.memory.acts["service"] == nil,
            let pod = context.livePods.first
        else { return nil }
        let (looked, looking) = context.command(
            "look", "look whether to restart \(name)", command(isDryRun: true), isRepeatable: true)
        guard let looked else { return looking }
        guard looked.output.contains("would run systemctl restart") else { return nil }
        return .failed(
            "\(name) runs with older files, and a restart would disturb pods that run here, \(pod.key) among them; drain the node first, or say live: true on this step"
        )
    }

    private func command(isDryRun: Bool) -> HostCommand {
        HostCommand(
            script: NodeScript.service(
                unit: name, want: state?.rawValue ?? "any", boot: isEnabled.map { $0 ? "enabled" : "disabled" } ?? "any"
            ),
            environment: ["FLEET_FILES": files.joined(separator: "\n"), "FLEET_DRY_RUN": isDryRun ? "1" : "0"],
            timeoutSeconds: 300)
    }
}

extension ValueForm<String> {
    /// A systemd unit's name: letters, digits and `:-_.\@` (systemd.unit(5)).
    static var unitName: ValueForm {
        .scalar("the name of a systemd unit") { scalar in
            let allowed = scalar.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ":-_.@".contains($0)) }
            return allowed && !scalar.text.isEmpty && !scalar.text.hasPrefix("-") ? scalar.text : nil
        }
    }
}
