import ArgumentParser
import FleetJournal
import FleetModel
import FleetPorts
import FleetRun
import FleetRuntime

/// A run that was handed to another machine: its history here is not to be gone on with (safety rule 23).
enum HandOver {
    /// Refuses a run that was handed over from this state file and not taken up here since.
    ///
    /// - Throws: `Refusal`, unless the operator takes the run back.
    static func refuse(
        _ run: RunID, _ history: [(event: RunEvent, time: Instant)], in journal: SQLiteJournal, takesBack: Bool
    ) throws {
        guard !takesBack, let fact = last(of: history.map(\.event)), fact.stateFile == journal.fileID else { return }
        throw Refusal(
            "run \(run) was handed over to another machine, by \(fact.actor.user)@\(fact.actor.machine); nothing was changed",
            hint:
                "take in what was done there: fleet journal import FILE; where nobody went on with it: fleet resume \(run) --take-back",
            isResumable: true)
    }

    /// Holds a run still for a body, which gets the fact that hands it over, to be recorded once its copy is safe; nil for a
    /// run that is over, has no facts, or is handed over already.
    ///
    /// - Throws: `locked` while a process drives the run.
    static func during(
        _ run: StoredRun, in journal: SQLiteJournal, _ body: (JournalRecord?) async throws -> Void
    ) async throws {
        guard run.finishedAt == nil else { return try await body(nil) }
        try await journal.claim(run.id)
        defer { journal.release(run.id) }
        let records = try await journal.records(of: run.id)
        let events = try records.map { try RunEvent($0) }
        guard let sequence = records.last?.sequence, !isOver(events), last(of: events)?.stateFile != journal.fileID
        else { return try await body(nil) }
        let fact = RunEvent.runHandedOver(.init(actor: .current, stateFile: journal.fileID))
        try await body(try fact.record(sequence: sequence + 1, at: RuntimeClock().now))
    }

    /// A run that is over stays so, though its end is not noted yet.
    private static func isOver(_ events: [RunEvent]) -> Bool {
        if case .runFinished(let fact)? = events.last { fact.result.isFinal } else { false }
    }

    /// The last hand-over after which nobody took the run up.
    private static func last(of events: [RunEvent]) -> RunEvent.RunHandedOver? {
        for event in events.reversed() {
            switch event {
            case .runHandedOver(let fact): return fact
            case .runStarted, .runResumed: return nil
            default: continue
            }
        }
        return nil
    }
}

/// What to do about a run that was handed over.
struct HandOverOptions: ParsableArguments {
    @Flag(
        name: .customLong("take-back"),
        help: "Go on here with a run that was exported for another machine, where nobody went on with it.")
    var takesBack = false
}
