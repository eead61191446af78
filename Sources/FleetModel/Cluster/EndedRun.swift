/// A run that ended on a cluster, as the cluster's lock remembers it.
///
/// A journal elsewhere may still hold the run's beginning: whoever goes on from there would do everything twice.
public struct EndedRun: Hashable, Sendable {
    /// The run.
    public var run: RunID
    /// How it ended, such as `done`.
    public var result: String
    /// Who ended it, from where, such as `bob@laptop`.
    public var by: String
    /// When, by that machine's clock, in whole seconds; to be told, never to be reckoned with.
    public var at: Instant

    /// A run that ended.
    public init(run: RunID, result: String, by: String, at: Instant) {
        self.run = run
        self.result = result
        self.by = by
        self.at = at
    }

    /// How many a lock remembers.
    static let capacity = 32

    /// The annotation of the Lease that remembers them.
    static let key = "fleet.run/ended"

    /// Those that annotations remember, newest first; lines that are not understood are left out.
    static func list(in annotations: [String: String]) -> [EndedRun] {
        (annotations[key] ?? "").split(separator: "\n").compactMap(EndedRun.init(line:))
    }

    /// What annotations remember once another run has ended: the newest first, one line each.
    public static func annotations(_ known: [String: String], adding run: EndedRun) -> [String: String] {
        let others = list(in: known).filter { $0.run != run.run }
        let lines = ([run] + others).prefix(capacity).map(\.line)
        return known.merging([key: lines.joined(separator: "\n")]) { _, new in new }
    }

    private var line: String { "\(run) \(result) \(at.microseconds / 1_000_000) \(by)" }

    private init?(line: Substring) {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4, let seconds = Int64(words[2]) else { return nil }
        self.init(run: RunID(words[0]), result: words[1], by: words[3], at: Instant(seconds: seconds))
    }
}
