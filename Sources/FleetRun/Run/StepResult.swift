import FleetModel

/// How a step of a node ended, as later steps may see it under the name that it registers.
public struct StepResult: Hashable, Sendable {
    /// Whether it changed anything.
    public var changed: Bool
    /// Whether it was left out, because its condition did not hold.
    public var isSkipped: Bool
    /// What it did or found, in a sentence.
    public var detail: String

    /// What begins the kind of a step that was left out, in the journal.
    static let skippedPrefix = "skipped."

    init(_ fact: RunEvent.StepFinished) {
        changed = fact.changed
        isSkipped = fact.step.hasPrefix(Self.skippedPrefix)
        detail = fact.detail
    }

    /// `changed`, `skipped` and `detail`, and what the step itself tells.
    func variables(_ findings: VariableMapping) -> VariableMapping {
        let own: VariableMapping = ["changed": .bool(changed), "skipped": .bool(isSkipped), "detail": .string(detail)]
        return own.overlaid(by: findings)
    }
}
