public import FleetModel
public import FleetPorts
import GRDB

/// The journal in one SQLite file, shared by all runs of one user.
///
/// Appends are durable when they return: WAL with `synchronous = FULL`. Appends that arrive while a commit is under way
/// share the next one. A run is written by one process at a time; others may read.
public final class SQLiteJournal: JournalPort {
    /// The identity of the state file, for the Lease in the cluster (safety rule 23).
    public let fileID: String
    let queue: DatabaseQueue
    private let groups: AppendGroups
    private let locks: RunLocks

    /// Opens the journal, creating directory (0700) and file (0600), and brings an older file up to date.
    ///
    /// `fleetVersion` is noted in the file, so that an older fleet can name the version that reads it. Whoever only reads
    /// (`isReading`) gets the journal also where the disk has no room for what SQLite keeps beside the file.
    public init(path: String, fleetVersion: String, isReading: Bool = false) throws(JournalFailure) {
        let opened = try JournalFile.open(path, fleetVersion: fleetVersion, isReading: isReading)
        queue = opened.queue
        fileID = opened.fileID
        groups = AppendGroups(queue, path: path)
        locks = RunLocks(directory: path + ".locks")
    }

    /// Claims a run for this process before it is resumed; fails with `locked` while another process writes it.
    public func claim(_ run: RunID) async throws(JournalFailure) {
        guard try await read({ try RunTable.exists(run, in: $0) }) else { throw Self.unknown(run) }
        try locks.claim(run)
    }

    /// Registers a run before its first record, as one of the plan that is pinned, and claims it.
    public func begin(_ run: StoredRun) async throws(JournalFailure) {
        try locks.claim(run.id)
        try await access { db in
            guard try !RunTable.exists(run.id, in: db) else {
                throw JournalFailure(.failed, "run \(run.id) has begun already")
            }
            try RunTable.insert(run, in: db)
            if run.pin == nil { try RunTable.adopt(run.id, in: db) }
        }
    }

    /// Appends records and returns once they are on disk; claims the run when this process does not hold it yet.
    public func append(_ records: [JournalRecord], to run: RunID) async throws(JournalFailure) {
        guard !records.isEmpty else { return }
        try locks.claim(run)
        try await groups.append(records, to: run)
    }

    /// The records of a run after a sequence number, in order.
    public func records(of run: RunID, after sequence: Int64) async throws(JournalFailure) -> [JournalRecord] {
        try await read { db in
            guard try RunTable.exists(run, in: db) else { throw Self.unknown(run) }
            return try RecordTable.records(of: run, after: sequence, in: db)
        }
    }

    /// Notes how a run ended, and gives its claim back.
    public func finish(_ run: RunID, result: String, at time: Instant) async throws(JournalFailure) {
        try locks.claim(run)
        try await access { db in
            guard try RunTable.exists(run, in: db) else { throw Self.unknown(run) }
            try RunTable.finish(run, result: result, at: time, in: db)
        }
        locks.release(run)
    }

    /// Asks something of a run, whoever drives it.
    public func ask(_ request: RunRequest, of run: RunID) async throws(JournalFailure) {
        try await access { db in
            guard try RunTable.exists(run, in: db) else { throw Self.unknown(run) }
            try RequestTable.insert(request, of: run, in: db)
        }
    }

    /// What was asked of a run after a request's number, in order.
    public func requests(of run: RunID, after number: Int64) async throws(JournalFailure) -> [RunRequest] {
        try await read { try RequestTable.requests(of: run, after: number, in: $0) }
    }

    /// Where this journal's file locks are, on which boot of which machine; empty where that cannot be told.
    ///
    /// Two journals of the same place exclude each other by `claim`; a copy of the file has another place.
    public var place: String { locks.place }

    /// Claims a run that is not here yet, before it begins.
    public func reserve(_ run: RunID) throws(JournalFailure) { try locks.claim(run) }

    /// Whether another process holds a run's claim, whether the run is here or not.
    public func isClaimedElsewhere(_ run: RunID) -> Bool { locks.isHeldElsewhere(run) }

    /// Gives the claim on a run back, without an end.
    public func release(_ run: RunID) { locks.release(run) }

    /// All runs, newest first.
    public func runs() async throws(JournalFailure) -> [StoredRun] { try await read { try RunTable.all(in: $0) } }

    /// Pins a plan; the same digest again changes nothing, another one fails with `locked`.
    public func pin(_ plan: StoredPlan) async throws(JournalFailure) {
        try await access { db in
            guard let known = try PlanTable.plan(plan.cluster, plan.playbook, plan.name, in: db) else {
                return try PlanTable.insert(plan, in: db)
            }
            guard known.digest != plan.digest else { return }
            throw JournalFailure(
                .locked,
                "plan \(plan.name) of playbook \(plan.playbook) is pinned with digest \(known.digest.prefix(12)), "
                    + "not \(plan.digest.prefix(12)): `fleet plan --repin` replaces it, `fleet plan drop` drops it"
            )
        }
    }

    /// The plan pinned under a key; nil when none is.
    public func plan(cluster: ObjectUID, playbook: String, name: String) async throws(JournalFailure) -> StoredPlan? {
        try await read { try PlanTable.plan(cluster, playbook, name, in: $0) }
    }

    /// All pinned plans, newest first.
    public func plans() async throws(JournalFailure) -> [StoredPlan] { try await read { try PlanTable.all(in: $0) } }

    /// Drops a pinned plan; not an error when there is none.
    public func drop(cluster: ObjectUID, playbook: String, name: String) async throws(JournalFailure) {
        try await access { try PlanTable.delete(cluster, playbook, name, in: $0) }
    }

    /// Notes what an operator does beside the runs.
    public func note(_ acts: [OperatorAct]) async throws(JournalFailure) {
        try await access { db in for act in acts { try ActTable.insert(act, in: db) } }
    }

    /// What operators did beside the runs, newest first.
    public func acts() async throws(JournalFailure) -> [OperatorAct] { try await read { try ActTable.all(in: $0) } }

    /// Checks the file and the order of every run's records; one sentence a fault, empty when there is none.
    public func verify() async throws(JournalFailure) -> [String] {
        try await read { db in
            let faults = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            return try faults + RecordTable.gaps(in: db)
        }
    }

    /// How many commits the appends took so far.
    var commits: Int { groups.commits }

    /// Runs a transaction on the database's own queue, whatever becomes of the caller's task.
    func access<T: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(JournalFailure) -> T {
        let path = queue.path
        let result: Result<T, JournalFailure> = await withCheckedContinuation { continuation in
            queue.asyncWrite(body) { _, result in
                continuation.resume(returning: result.mapError { JournalFailure(storing: $0, path) })
            }
        }
        return try result.get()
    }

    /// Runs a transaction that only reads, and keeps nobody from writing (SQLite's deferred ones, under WAL).
    func read<T: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(JournalFailure) -> T {
        let path = queue.path
        let result: Result<T, JournalFailure> = await withCheckedContinuation { continuation in
            queue.asyncRead { database in
                continuation.resume(
                    returning: Result { try body(try database.get()) }.mapError { JournalFailure(storing: $0, path) })
            }
        }
        return try result.get()
    }

    static func unknown(_ run: RunID) -> JournalFailure {
        JournalFailure(.notFound, "the journal has no run \(run); see `fleet runs`")
    }
}
