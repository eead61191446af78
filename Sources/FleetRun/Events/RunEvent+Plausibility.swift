import FleetModel

extension RunEvent {
    /// The first number that no fleet ever wrote, such as `id -1`; nil when there is none.
    ///
    /// A journal may come from another machine, as a file that anybody could have written; what is read is counted on
    /// with: waves, steps, operations of which the next one has the number after, and spans of time.
    var implausibleNumber: String? {
        switch self {
        case .runStarted(let fact): Self.first(fact.waves.map { ("wave", $0) })
        case .waveStarted(let fact), .waveFinished(let fact): Self.first([("wave", fact.wave)])
        case .soakStarted(let fact): Self.first([("wave", fact.wave)], [("seconds", fact.seconds)])
        case .nodeStarted(let fact): Self.first([("wave", fact.wave)])
        case .healthChecked(let fact): Self.first([("wave", fact.wave)])
        case .healthBaseline(let fact): Self.first([("acceptedAfter", fact.acceptedAfter ?? 0)])
        case .preflightPassed(let fact): Self.first([("hosts", fact.hosts)])
        case .stepStarted(let fact): Self.first(step: fact.index)
        case .stepFinished(let fact): Self.first(step: fact.index)
        case .stepRetried(let fact):
            Self.first(step: fact.index)
                ?? Self.first([("attempt", fact.attempt), ("attempts", fact.attempts)], [("seconds", fact.seconds)])
        case .operationIntended(let fact): Self.first(step: fact.index ?? 0) ?? Self.first([("id", fact.id)])
        case .operationFinished(let fact): Self.first([("id", fact.id)])
        case .evictionRequested(let fact): Self.first(fact.numbers)
        case .budgetPassed(let fact): Self.first(fact.request.numbers, [("waitedSeconds", fact.waitedSeconds)])
        case .evictionAnswered(let fact): Self.first([("id", fact.id)])
        case .compensationOwed(let fact):
            Self.first([("temporary", fact.compensation.temporary), ("previous", fact.compensation.previous)])
        case .nodeRewound(let fact): fact.steps.lazy.compactMap { Self.first(step: $0) }.first
        case .timeStopped(let fact): Self.first([], [("seconds", abs(fact.seconds))])
        default: nil
        }
    }

    /// What Kubernetes counts with is no larger, and no run has so many of anything.
    private static let counts = 0...Int(Int32.max)
    /// No playbook has more steps; they are gone through one by one.
    private static let steps = 0...10_000
    /// Ten years.
    private static let spans = 0...(10.0 * 365 * 86_400)

    private static func first(step index: Int) -> String? { steps.contains(index) ? nil : "index \(index)" }

    private static func first(_ numbers: [(String, Int)], _ seconds: [(String, Double)] = []) -> String? {
        if let (name, number) = numbers.first(where: { !counts.contains($0.1) }) { return "\(name) \(number)" }
        return seconds.first { !spans.contains($0.1) }.map { "\($0.0) \($0.1)" }
    }
}

extension RunEvent.EvictionRequested {
    fileprivate var numbers: [(String, Int)] { [("id", id), ("readyBefore", readyBefore)] }
}

extension JournalRecord {
    /// Whether its time is in the years 1970 to 9999, which is all that dates are written for.
    var isOfCalendarTime: Bool { (Instant.epoch...Instant(seconds: 253_402_300_799)).contains(time) }
}
