import FleetModel
import FleetPlanning
import FleetRun

/// A rehearsal as a command shows it.
public struct RehearsalReport: Report {
    private let story: RehearsalStory
    /// What it adds up to.
    public let summary: RehearsalSummary

    /// The report of a story.
    public init(_ story: RehearsalStory) {
        self.story = story
        summary = RehearsalSummary(story)
    }

    /// `fleet.rehearsal/v1`.
    public var document: RehearsalJSON { RehearsalJSON(story, summary) }
    /// Duration, waves, what holds them up, budgets' room, timeline.
    public func text(_ style: TextStyle) -> String { RehearsalText(story, summary, style: style).text }
    /// A page of its own: bars of nodes by wave, and the budgets' room.
    ///
    /// It needs nothing but itself.
    public var page: String { RehearsalPage(story, summary).html }
}

/// A rehearsal as a JSON document: `fleet.rehearsal/v1`.
///
/// Times are seconds since the virtual clock's start.
public struct RehearsalJSON: Encodable, Sendable {
    private let schema = "fleet.rehearsal/v1"
    private let playbook: String
    private let planDigest: String
    private let source: String
    private let seed: UInt64
    private let conditions: [String]
    private let result: String
    private let reason: String?
    private let predictedSeconds: Double
    private let forecastSeconds: [Int]
    private let evictions: Counts
    private let waves: [RehearsalSummary.Wave]
    private let nodes: [RehearsalSummary.Bar]
    private let stalls: [RehearsalSummary.Stall]
    private let headroom: [RehearsalSummary.Headroom]
    private let timeline: [RehearsalSummary.Moment]
    private let retiredMachines: [String]?

    private struct Counts: Encodable {
        let requested: Int
        let accepted: Int
        let refused: Int
        let movesPerPod: Double?
    }

    init(_ story: RehearsalStory, _ summary: RehearsalSummary) {
        playbook = story.plan.playbook
        planDigest = story.plan.digest
        source = story.source
        seed = story.seed
        conditions = story.conditions
        result = summary.result?.rawValue ?? "unfinished"
        reason = summary.reason.isEmpty ? nil : summary.reason
        predictedSeconds = summary.duration
        forecastSeconds = [story.plan.forecast.shortestSeconds, story.plan.forecast.longestSeconds]
        let counts = summary.run.evictions
        evictions = Counts(
            requested: counts.requested, accepted: counts.accepted, refused: counts.pushedBack + counts.refused,
            movesPerPod: counts.movesPerPod)
        waves = summary.waves
        nodes = summary.bars
        stalls = summary.stalls
        headroom = summary.headroom
        timeline = summary.timeline
        retiredMachines = story.retired.isEmpty ? nil : story.retired
    }
}
