public import FleetModel

/// What fleet writes on an object beside a temporary change: whose it is, and what must be set back (safety rule 23).
///
/// As text `run=r-1;previous=1;set=2`; a key that is missing says that there was no value.
public struct TemporaryNote: Hashable, Sendable {
    /// The run that made the change.
    public var run: RunID
    /// The plan for whose sake, as the beginning of its digest; nil where the change belongs to the run alone.
    public var plan: String?
    /// The label that was set; nil for other changes.
    public var label: String?
    /// The value before; nil when there was none.
    public var previous: String?
    /// The value that fleet set; nil in notes that lack it.
    public var set: String?

    /// A note.
    public init(run: RunID, plan: String? = nil, label: String? = nil, previous: String? = nil, set: String? = nil) {
        self.run = run
        self.plan = plan.map { String($0.prefix(12)) }
        self.label = label
        self.previous = previous
        self.set = set
    }

    /// Reads a note; nil for text that names no run.
    public init?(text: String) {
        var values: [Substring: String] = [:]
        for part in text.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { values[pair[0]] = String(pair[1]) }
        }
        guard let run = values["run"], !run.isEmpty else { return nil }
        self.init(
            run: RunID(run), plan: values["plan"], label: values["label"], previous: values["previous"],
            set: values["set"])
    }

    /// The note as it is written.
    public var text: String {
        let pairs = [("run", run.rawValue), ("plan", plan), ("label", label), ("previous", previous), ("set", set)]
        return pairs.compactMap { key, value in value.map { "\(key)=\($0)" } }.joined(separator: ";")
    }
}
