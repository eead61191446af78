import FleetJournal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetReport
import FleetRun
import Foundation

/// The runs of the journal, for commands that only read: no file is made where there is none.
struct RunLookup {
    private let journal: SQLiteJournal?
    private let path: String

    /// Opens the journal that the options name.
    init(_ options: StateOptions) throws {
        path = try options.path()
        journal =
            FileManager.default.fileExists(atPath: path)
            ? try SQLiteJournal(path: path, fleetVersion: FleetCommand.version, isReading: true) : nil
    }

    /// All runs, newest first.
    func runs() async throws -> [StoredRun] { try await journal?.runs() ?? [] }

    /// What operators did beside the runs, newest first.
    func acts() async throws -> [OperatorAct] { try await journal?.acts() ?? [] }

    /// The run of a name or of the beginning of one; without a name the newest unfinished one, else the newest.
    func run(_ name: String?) async throws -> StoredRun {
        let runs = try await runs()
        guard let newest = runs.first else {
            throw UsageError(
                "there is no run in \(path)",
                hint: "choose another journal with --state, or begin one with: fleet run PLAYBOOK")
        }
        guard let name else { return runs.first { $0.finishedAt == nil } ?? newest }
        if let exact = runs.first(where: { $0.id.rawValue == name }) { return exact }
        let similar = runs.filter { $0.id.rawValue.hasPrefix(name) || $0.id.rawValue.hasSuffix(name) }
        guard let run = similar.first, similar.count == 1 else {
            throw UsageError(
                similar.isEmpty
                    ? "there is no run \"\(name)\" in \(path)" : "\"\(name)\" is the name of \(similar.count) runs",
                hint: "list them with: fleet runs"
            )
        }
        return run
    }

    /// The facts of a run after a sequence number, in order.
    func records(of run: StoredRun, after sequence: Int64 = 0) async throws -> [JournalRecord] {
        try await journal?.records(of: run.id, after: sequence) ?? []
    }

    /// How a run was begun on this machine; nil where it was begun elsewhere, or nobody noted it.
    func invocation(of run: StoredRun) async throws -> RunEvent.Invocation? {
        for record in try await records(of: run) {
            guard case .runStarted(let start) = try RunEvent(record) else { continue }
            return start.actor.machine == RunEvent.Actor.current.machine ? start.invocation : nil
        }
        return nil
    }

    /// Whether a process on this machine drives a run.
    func isDriven(_ run: StoredRun) -> Bool { journal?.isClaimedElsewhere(run.id) ?? false }

    /// The plan of a run; nil when it was dropped, or pinned anew.
    func plan(of run: StoredRun) async throws -> Plan? {
        let stored = try await journal?.plan(cluster: run.cluster, playbook: run.playbook, name: run.planName)
        return try stored.flatMap { $0.digest == run.planDigest ? try PinnedPlan.decode($0) : nil }
    }

    /// What a run's facts add up to, with every change if wanted; waits of an unfinished one are counted up to `now`.
    func report(of run: StoredRun, at now: Instant, isAudited: Bool = false) async throws -> RunReport {
        let records = try await records(of: run)
        let summary = try RunSummary(run.id, records: records)
        return RunReport(
            summary, at: summary.result == nil ? now : summary.lastFactAt ?? now,
            isDriven: run.finishedAt == nil ? isDriven(run) : nil,
            audit: isAudited
                ? try AuditTrail(records, beside: try await acts().filter { $0.run == run.id }.reversed()) : nil)
    }
}
