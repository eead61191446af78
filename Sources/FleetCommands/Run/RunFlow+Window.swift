import FleetModel
import FleetPlanning
import FleetReport
import FleetRun
import FleetRuntime

extension RunFlow {
    /// The playbook's windows, with what the plan's forecast says of the waves that are left; nil when it has none.
    func window(_ preparation: Preparation, _ reviewed: Plan, _ waves: [PlannedWave]) -> RunWindow? {
        RunWindow(
            of: preparation.playbook.header, for: waves, of: reviewed, waits: wishes.waits, at: RuntimeClock().now)
    }

    /// The narrower windows of some workloads, with the same forecast.
    func narrowWindows(_ preparation: Preparation, _ reviewed: Plan, _ waves: [PlannedWave]) -> NarrowWindows {
        NarrowWindows(
            of: preparation.playbook.header, for: waves, of: reviewed, waits: wishes.waits, at: RuntimeClock().now)
    }

    /// Outside its windows a run that is not to wait does not begin at all.
    func refuseOutside(_ window: RunWindow?) throws {
        let now = RuntimeClock().now
        guard let window, !window.waits, window.calendar.span(at: now) == nil else { return }
        throw Refusal(
            "\(window.calendar.words(at: now)); nothing was changed", hint: "wait for it with: --wait",
            isResumable: true)
    }
}

extension RunWindow {
    /// A playbook's windows around an instant, with what a plan's forecast says of some of its waves; nil when it has
    /// none.
    init?(of playbook: PlaybookHeader, for waves: [PlannedWave], of plan: Plan, waits: Bool, at instant: Instant) {
        guard let calendar = TimeZones.calendar(of: playbook, around: instant) else { return nil }
        self.init(calendar: calendar, waits: waits, forecast: Self.needs(of: waves, plan))
    }

    /// What a plan's forecast says of waves, by their numbers.
    fileprivate static func needs(of waves: [PlannedWave], _ plan: Plan) -> [Int: WaveNeed] {
        let nodes = Dictionary(waves.map { ($0.number, $0.targets.count) }, uniquingKeysWith: { first, _ in first })
        let needs = plan.forecast.waves.map { wave in
            (wave.number, WaveNeed(seconds: wave.longestSeconds, nodes: nodes[wave.number] ?? 0))
        }
        return Dictionary(needs, uniquingKeysWith: { first, _ in first })
    }
}

extension NarrowWindows {
    /// The narrower windows of a playbook's workloads around an instant, with the same forecast.
    init(of playbook: PlaybookHeader, for waves: [PlannedWave], of plan: Plan, waits: Bool, at instant: Instant) {
        self.init(
            windows: TimeZones.narrowWindows(of: playbook, around: instant), waits: waits,
            forecast: RunWindow.needs(of: waves, plan))
    }
}

extension WindowCalendar {
    /// Whether work may be done at an instant, and when that changes.
    func words(at now: Instant) -> String {
        if let span = span(at: now) { return "inside the playbook's window, which ends \(span.end.dateText)" }
        let next = next(after: now).map { "the next one opens \($0.start.dateText)" } ?? "none opens within a year"
        return "outside the playbook's window; \(next)"
    }
}
