import FleetJournal
import FleetKubernetes
import FleetModel
import FleetPorts
import FleetReport
import FleetRun
import FleetRuntime
import Foundation

/// What `fleet pause`, `abort` and `rollback` do: ask the process that drives the run, or do it where none does.
struct StopFlow {
    let kind: StopKind
    let id: String
    let state: StateOptions
    /// How the cluster is reached where no process drives the run.
    var cluster: ClusterOptions
    let takeOver: RunID?
    /// Whether a run that was handed over to another machine is ended here after all.
    var takesBack = false
    let output: Output

    /// Stops the run and returns the exit code.
    func run() async throws -> FleetExit {
        let lookup = try RunLookup(state)
        let run = try await lookup.run(id)
        guard run.finishedAt == nil else {
            throw UsageError("run \(run.id) has ended: \(run.result ?? "")", hint: "see: fleet report \(run.id)")
        }
        let journal = try SQLiteJournal.open(state)
        if try await !claims(run.id, journal) { try await askAndWait(run.id, journal) }
        defer { journal.release(run.id) }
        let now = try await lookup.run(run.id.rawValue)
        guard now.finishedAt == nil else {
            try await show(now, lookup)
            return try exit(of: now)
        }
        let begun = try await lookup.invocation(of: now)
        var cluster = cluster
        if let begun { cluster.complete(with: begun) }
        guard kind.isEnding else {
            journal.release(run.id)
            try await show(now, lookup)
            try await refuseElsewhere(now.id, journal, cluster)
            output.progress("run \(now.id) stands still: no process here drives it; go on with: fleet resume \(now.id)")
            return .done
        }
        return try await UndoFlow(
            run: now, journal: journal, playbook: begun?.playbook, takeOver: takeOver, takesBack: takesBack,
            output: output
        ).run(RunEvent.StopRequested(by: words, kind: kind), on: cluster)
    }

    private var words: String {
        let actor = RunEvent.Actor.current
        return "fleet \(kind.rawValue) of \(actor.user)@\(actor.machine)"
    }

    /// Refuses to call a run paused that another machine may drive: the cluster's lock says so, where it can be read.
    private func refuseElsewhere(_ run: RunID, _ journal: SQLiteJournal, _ cluster: ClusterOptions) async throws {
        guard let connection = try? cluster.connection() else { return }
        let lock = try? await KubernetesClient.withClient(connection: connection) { client -> ClusterLock? in
            try await LeaseClient(client: client).read()
        }
        guard let claim = lock?.claim, claim.run == run, claim.stateFile != journal.fileID else { return }
        let renewed = lock?.renewedAt.map { ", last renewed \($0.dateText) by its clock" } ?? ""
        throw Refusal(
            "no process here drives run \(run), but \(claim.user)@\(claim.machine) holds the cluster's lock for it from another machine or state file\(renewed)",
            hint: "pause it there: fleet pause \(run)")
    }

    // MARK: - A process drives the run

    /// Whether no other process drives the run; this one holds it then.
    private func claims(_ run: RunID, _ journal: SQLiteJournal) async throws -> Bool {
        do throws(JournalFailure) {
            try await journal.claim(run)
            return true
        } catch {
            guard error.code == .locked else { throw error }
            return false
        }
    }

    private func askAndWait(_ run: RunID, _ journal: SQLiteJournal) async throws {
        let actor = RunEvent.Actor.current
        let clock = RuntimeClock()
        try await journal.ask(
            RunRequest(kind: kind.rawValue, by: "\(actor.user)@\(actor.machine)", time: clock.now), of: run)
        output.progress(
            "asked the process that drives run \(run); waiting for it (what was accepted is awaited for at most a minute)"
        )
        while try await !claims(run, journal) { try await clock.sleep(until: clock.now + .milliseconds(200)) }
    }

    // MARK: - Telling

    private func show(_ run: StoredRun, _ lookup: RunLookup) async throws {
        output.report(try await lookup.report(of: run, at: RuntimeClock().now))
    }

    /// The run has ended, through this request or before it was heard.
    private func exit(of run: StoredRun) throws -> FleetExit {
        guard run.result == kind.result.rawValue else {
            throw Refusal("run \(run.id) ended as \(run.result ?? "") before it heard of the \(kind.rawValue)")
        }
        return .done
    }
}
