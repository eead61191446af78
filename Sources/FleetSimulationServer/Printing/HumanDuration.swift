import FleetModel
import FleetWire

/// Ages as kubectl writes them (`~/apimachinery/pkg/util/duration/duration.go:HumanDuration`).
enum HumanDuration {
    /// The time since a timestamp; `<unknown>` without one.
    static func since(_ timestamp: JSONValue, now: Instant) -> String {
        guard let then = timestamp.string.flatMap(Timestamp.parse) else { return "<unknown>" }
        return text(Int64((now - then).inSeconds))
    }

    /// A duration of seconds.
    static func text(_ seconds: Int64) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        return switch seconds {
        case ..<(-1): "<invalid>"
        case ..<0: "0s"
        case ..<120: "\(seconds)s"
        case ..<600: "\(minutes)m" + suffix(seconds % 60, "s")
        case ..<10800: "\(minutes)m"
        case ..<28800: "\(hours)h" + suffix(minutes % 60, "m")
        case ..<172_800: "\(hours)h"
        case ..<691_200: "\(days)d" + suffix(hours % 24, "h")
        case ..<63_072_000: "\(days)d"
        case ..<252_288_000: "\(days / 365)y" + suffix(days % 365, "d")
        default: "\(days / 365)y"
        }
    }

    private static func suffix(_ rest: Int64, _ unit: String) -> String { rest == 0 ? "" : "\(rest)\(unit)" }
}
