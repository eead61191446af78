public import FleetModel
import FleetPlanning

/// When a run may do its work, and how long it is expected to need.
public struct RunWindow: Hashable, Sendable {
    /// The windows with their time zones.
    public var calendar: WindowCalendar
    /// Whether the run waits for the next window, or ends as blocked.
    public var waits: Bool
    /// How long each wave takes at the longest by the plan's forecast, by number.
    public var forecast: [Int: WaveNeed]

    /// A wave's part of the forecast.
    public struct WaveNeed: Hashable, Sendable {
        /// How long it takes at the longest, in seconds.
        public var seconds: Int
        /// For how many nodes.
        public var nodes: Int

        /// A wave's part.
        public init(seconds: Int, nodes: Int) {
            self.seconds = seconds
            self.nodes = nodes
        }
    }

    /// The windows of a run.
    public init(calendar: WindowCalendar, waits: Bool = false, forecast: [Int: WaveNeed] = [:]) {
        self.calendar = calendar
        self.waits = waits
        self.forecast = forecast
    }

    /// No node takes less: commands on hosts and a Node's deletion are in no forecast.
    static let shortest = Duration.seconds(120)

    /// How long one more node of a wave needs: its share of the wave's forecast, with what is in hand already, and then
    /// what is done on its host.
    func need(of wave: PlannedWave, inHand: Int, before commitment: Duration) -> Duration {
        max(Self.shortest, (Self.share(of: wave, inHand, forecast) ?? .zero) + commitment)
    }

    /// The same by any forecast.
    static func need(of wave: PlannedWave, inHand: Int, _ forecast: [Int: WaveNeed]) -> Duration {
        max(shortest, share(of: wave, inHand, forecast) ?? .zero)
    }

    /// Nil where nothing is forecast.
    private static func share(of wave: PlannedWave, _ inHand: Int, _ forecast: [Int: WaveNeed]) -> Duration? {
        guard let whole = forecast[wave.number], whole.nodes > 0 else { return nil }
        return .seconds((whole.seconds * min(whole.nodes, inHand + 1) + whole.nodes - 1) / whole.nodes)
    }
}

/// Where a run stands with its windows.
struct WindowState: Hashable, Sendable {
    enum Phase: Hashable, Sendable {
        case unknown
        case open(WindowCalendar.Span)
        /// Closed; with what happens to the nodes in hand.
        case closed(MaintenanceWindow.End, next: WindowCalendar.Span?)
    }

    var phase = Phase.unknown
    /// Accepted evictions and running commands are awaited until then after a window's end (safety rule 22).
    var settleDeadline: Instant?
    /// The span in which nothing more can be begun, although it lasts.
    var spent: WindowCalendar.Span?
}
