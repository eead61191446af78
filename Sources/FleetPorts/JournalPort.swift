public import FleetModel

/// Why the journal could not be written or read.
public struct JournalFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The cause.
    public enum Code: String, Hashable, Sendable {
        /// The file cannot be opened, or is no journal of fleet's.
        case unusable
        /// The disk is full; nothing was recorded, the run can be resumed.
        case diskFull
        /// Written by a newer fleet.
        case newerVersion
        /// Another process writes this run.
        case locked
        /// There is no such run or plan.
        case notFound
        /// The file could not be read or written for now, by the disk's fault or another process'; nothing was recorded.
        case unreachable
        /// Another failure of the store.
        case failed
    }

    /// The cause.
    public var code: Code
    /// What, on which file, in the store's own words.
    public var message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

/// A pinned plan as it is stored: opaque content under its key (safety rule 24).
public struct StoredPlan: Hashable, Sendable {
    /// The cluster's UID.
    public var cluster: ObjectUID
    /// The playbook's name.
    public var playbook: String
    /// `--plan NAME`; the playbook's name by default.
    public var name: String
    /// SHA-256 of the content, lowercase hexadecimal.
    public var digest: String
    /// When it was pinned.
    public var pinnedAt: Instant
    /// The plan, JSON.
    public var content: [UInt8]
    /// This pinning's own name: a plan that is dropped and pinned anew has another.
    ///
    /// Nil where the store is to choose it.
    public var pin: String?

    /// A stored plan.
    public init(
        cluster: ObjectUID, playbook: String, name: String, digest: String, pinnedAt: Instant, content: [UInt8],
        pin: String? = nil
    ) {
        self.pin = pin
        self.cluster = cluster
        self.playbook = playbook
        self.name = name
        self.digest = digest
        self.pinnedAt = pinnedAt
        self.content = content
    }
}

/// One run as the journal lists it.
public struct StoredRun: Hashable, Sendable {
    /// The run.
    public var id: RunID
    /// The cluster's UID.
    public var cluster: ObjectUID
    /// The playbook's name.
    public var playbook: String
    /// The digest of the plan it carries out.
    public var planDigest: String
    /// The plan's name.
    public var planName: String
    /// When it began.
    public var startedAt: Instant
    /// When it ended; nil while unfinished.
    public var finishedAt: Instant?
    /// How it ended, such as `done`, `failed`, `aborted`; nil while unfinished.
    public var result: String?
    /// The pinning of the plan that it carries out; nil where that is not known, as of plans that were dropped.
    public var pin: String?

    /// A run.
    public init(
        id: RunID, cluster: ObjectUID, playbook: String, planDigest: String, planName: String, startedAt: Instant,
        finishedAt: Instant? = nil, result: String? = nil, pin: String? = nil
    ) {
        self.pin = pin
        self.id = id
        self.cluster = cluster
        self.playbook = playbook
        self.planDigest = planDigest
        self.planName = planName
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.result = result
    }
}

/// Something asked of a run from another process, such as a pause.
public struct RunRequest: Hashable, Sendable {
    /// Its place among all requests of the file, from 1; 0 until it is stored.
    public var number: Int64
    /// What is asked for, such as `pause`, `abort`, `rollback`.
    public var kind: String
    /// Who asks, from where, such as `alice@bastion`.
    public var by: String
    /// When.
    public var time: Instant

    /// A request.
    public init(number: Int64 = 0, kind: String, by: String, time: Instant) {
        self.number = number
        self.kind = kind
        self.by = by
        self.time = time
    }
}

/// The durable store of runs and plans.
public protocol JournalPort: Sendable {
    /// Registers a run before its first record, as one of the plan that is pinned under its key and reads the same.
    func begin(_ run: StoredRun) async throws(JournalFailure)

    /// Appends records and returns once they are on disk, in order, all or none.
    ///
    /// Concurrent callers share a commit. Sequences must follow the run's last one.
    func append(_ records: [JournalRecord], to run: RunID) async throws(JournalFailure)

    /// The records of a run after a sequence number, in order; all after 0.
    func records(of run: RunID, after sequence: Int64) async throws(JournalFailure) -> [JournalRecord]

    /// Notes how a run ended.
    func finish(_ run: RunID, result: String, at time: Instant) async throws(JournalFailure)

    /// Asks something of a run, whoever drives it; the process that does looks for it about once a second.
    func ask(_ request: RunRequest, of run: RunID) async throws(JournalFailure)

    /// What was asked of a run after a request's number, in order; 0 means everything.
    func requests(of run: RunID, after number: Int64) async throws(JournalFailure) -> [RunRequest]

    /// All runs, newest first.
    func runs() async throws(JournalFailure) -> [StoredRun]

    /// Pins a plan; fails with `locked` when another digest is pinned under the same key.
    func pin(_ plan: StoredPlan) async throws(JournalFailure)

    /// The plan pinned under a key; nil when none is.
    func plan(cluster: ObjectUID, playbook: String, name: String) async throws(JournalFailure) -> StoredPlan?

    /// All pinned plans, newest first.
    func plans() async throws(JournalFailure) -> [StoredPlan]

    /// Drops a pinned plan; not an error when there is none.
    func drop(cluster: ObjectUID, playbook: String, name: String) async throws(JournalFailure)
}

extension JournalPort {
    /// All records of a run, in order.
    public func records(of run: RunID) async throws(JournalFailure) -> [JournalRecord] {
        try await records(of: run, after: 0)
    }

    /// The number of the last request of a run; 0 where none was made.
    public func lastRequest(of run: RunID) async throws(JournalFailure) -> Int64 {
        try await requests(of: run, after: 0).last?.number ?? 0
    }
}
