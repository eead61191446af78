public import FleetExpressions
import FleetModel

/// `service: {name, state, enabled}` – a systemd unit is started or stopped, enabled or disabled, and asked afterwards.
public struct ServiceStep: Step {
    /// `service`.
    public static let kind = "service"

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

    /// Reads `name`, `state` and `enabled`.
    public init?(_ arguments: inout LocatedDecoder) {
        guard let name = arguments.required("name", .unitName) else { return nil }
        self.name = name
        state = arguments.optional("state", .choice)
        isEnabled = arguments.optional("enabled", .bool)
    }

    /// `service kubelet stopped`.
    public var title: String {
        let enabled = isEnabled.map { $0 ? "enabled" : "disabled" }
        return (["service \(name)", state?.rawValue, enabled].compactMap(\.self)).joined(separator: " ")
    }

    /// Touches the host; repeatable unless it restarts.
    public var traits: StepTraits {
        [.touchesHost, state == .restarted ? [] : .repeatable, name == "kubelet" && state == .stopped ? .stopsKubelet : []]
    }

    /// Runs systemctl, and believes only what it says afterwards.
    public func advance(_ context: StepContext) -> StepProgress {
        let (result, next) = context.command(
            "service", title, HostCommand(script: script(isDryRun: false)), isRepeatable: traits.contains(.repeatable)
        )
        guard let result else { return next }
        guard result.isSuccess else { return .failed("\(title): \(result.words)") }
        return .done(changed: result.output.contains("changed=yes"), title)
    }

    /// Asks systemctl what would change.
    public func preview(_ context: StepContext) -> StepPreview {
        let look = StepOperation(key: "look", title: title, .host(HostCommand(script: script(isDryRun: true))))
        return StepPreview(["would see to it: \(title)"], looks: [look])
    }

    private func script(isDryRun: Bool) -> String {
        """
        unit=\(name) want=\(state?.rawValue ?? "any") boot=\(isEnabled.map { $0 ? "enabled" : "disabled" } ?? "any")
        dry=\(isDryRun ? 1 : 0) changed=no
        active=$(systemctl is-active "$unit" 2>/dev/null) || true
        enabled=$(systemctl is-enabled "$unit" 2>/dev/null) || true
        act() { changed=yes; if [ "$dry" = 1 ]; then echo "would run systemctl $1 $unit"; else systemctl "$1" "$unit" || exit 1; fi; }
        case "$want:$active" in
            started:active) ;;
            started:*) act start ;;
            stopped:active|stopped:activating|stopped:reloading) act stop ;;
            restarted:*) act restart ;;
        esac
        case "$boot:$enabled" in
            enabled:enabled) ;;
            enabled:*) act enable ;;
            disabled:enabled) act disable ;;
        esac
        if [ "$dry" = 0 ]; then
            active=$(systemctl is-active "$unit" 2>/dev/null) || true
            case "$want:$active" in
                stopped:active|stopped:activating) echo "$unit is still $active" >&2; exit 1 ;;
                started:active|restarted:active) ;;
                started:*|restarted:*) echo "$unit is $active" >&2; exit 1 ;;
            esac
        fi
        echo "changed=$changed"
        """
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
