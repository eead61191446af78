import FleetModel
import FleetRun

extension EventLines {
    /// What is said of the health checks.
    func healthSentences(_ event: RunEvent, at time: Instant) -> [EventLine] {
        switch event {
        case .healthBaseline(let fact):
            let names = fact.readings.map(\.check).joined(separator: ", ")
            guard let wave = fact.acceptedAfter else {
                return [EventLine(at: time, "health at the start taken down: \(names)", .faint)]
            }
            return [
                EventLine(at: time, wave: wave, "approved: what the health checks found is the new normal", .warning)
            ]
        case .healthChecked(let fact):
            guard !fact.isHealthy || !fact.problems.isEmpty else {
                let known = fact.readings.compactMap { reading in reading.problem.map { "\(reading.check): \($0)" } }
                if !known.isEmpty {
                    let words = "no worse than what was approved: \(known.joined(separator: "; "))"
                    return [EventLine(at: time, wave: fact.wave, words, .warning)]
                }
                return [
                    EventLine(
                        at: time, wave: fact.wave,
                        "as well as at the start: \(fact.readings.map(\.check).joined(separator: ", "))", .good)
                ]
            }
            return [EventLine(at: time, wave: fact.wave, fact.sentence, .warning)]
        default: return []
        }
    }
}

extension RunEvent.HealthChecked {
    /// What is worse than at the start.
    var sentence: String { "worse than at the start after wave \(wave): \(problems.joined(separator: "; "))" }
}
