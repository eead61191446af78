/// The Lease by which one run at a time works on a cluster, as it stands (semantics 8, safety rule 23).
public struct ClusterLock: Hashable, Sendable {
    /// Who holds it, as text; empty when it is free.
    public var holder: String
    /// How long a renewal is good for, in seconds, as the holder publishes it.
    public var durationSeconds: Int64
    /// When the holder took it, by the holder's clock; to be told, never to be reckoned with.
    public var acquiredAt: Instant?
    /// When the holder last renewed it, by the holder's clock; to be told, never to be reckoned with.
    public var renewedAt: Instant?
    /// How often it changed hands.
    public var transitions: Int64
    /// The version of the record; a write must name it.
    public var version: String
    /// Everything that it carries, somebody else's too.
    public var annotations: [String: String]

    /// A lock; everything omitted is empty.
    public init(
        holder: String = "", durationSeconds: Int64 = 15, acquiredAt: Instant? = nil, renewedAt: Instant? = nil,
        transitions: Int64 = 0, version: String = "", annotations: [String: String] = [:]
    ) {
        self.holder = holder
        self.durationSeconds = durationSeconds
        self.acquiredAt = acquiredAt
        self.renewedAt = renewedAt
        self.transitions = transitions
        self.version = version
        self.annotations = annotations
    }

    /// Whether nobody holds it.
    public var isFree: Bool { holder.isEmpty }

    /// The run for which it is held; nil when it is free, or held by something that is no fleet.
    public var claim: LockClaim? { isFree ? nil : LockClaim(annotations: annotations) }

    /// The runs that ended on this cluster, newest first; also of a lock that is free.
    public var ended: [EndedRun] { EndedRun.list(in: annotations) }
}

/// For which run a lock is held or wanted, and from where (safety rule 23).
public struct LockClaim: Hashable, Sendable {
    /// The run.
    public var run: RunID
    /// The digest of the plan that it carries out.
    public var planDigest: String
    /// The identity of the state file that holds the run's journal.
    public var stateFile: String
    /// The login name of who runs it.
    public var user: String
    /// The machine on which it runs.
    public var machine: String
    /// The process that holds or wants it, by a name that no other process has; empty where an older fleet holds it.
    public var process: String
    /// The file locks by which processes keep off each other's runs, such as a digest of boot and directory.
    ///
    /// Who holds a run's file lock there knows that no process of the same place drives it. Empty where nobody can tell.
    public var place: String

    /// A claim.
    public init(
        run: RunID, planDigest: String, stateFile: String, user: String, machine: String, process: String = "",
        place: String = ""
    ) {
        self.run = run
        self.planDigest = planDigest
        self.stateFile = stateFile
        self.user = user
        self.machine = machine
        self.process = process
        self.place = place
    }

    /// Reads a Lease's annotations; nil when they name no run and state file.
    public init?(annotations: [String: String]) {
        guard let run = annotations[Self.runKey], let stateFile = annotations[Self.stateFileKey] else { return nil }
        self.init(
            run: RunID(run), planDigest: annotations[Self.planKey] ?? "", stateFile: stateFile,
            user: annotations[Self.userKey] ?? "", machine: annotations[Self.machineKey] ?? "",
            process: annotations[Self.processKey] ?? "", place: annotations[Self.placeKey] ?? ""
        )
    }

    /// What the Lease carries.
    public var annotations: [String: String] {
        [
            Self.runKey: run.rawValue, Self.planKey: planDigest, Self.stateFileKey: stateFile, Self.userKey: user,
            Self.machineKey: machine, Self.processKey: process, Self.placeKey: place,
        ]
    }

    /// The Lease's `holderIdentity`: `alice@bastion_3f2a9c01`, the same for every process of one state file.
    public var holder: String { "\(user)@\(machine)_\(stateFile.prefix(8))" }

    /// The annotations that are fleet's own.
    public static let keys: Set<String> = [runKey, planKey, stateFileKey, userKey, machineKey, processKey, placeKey]

    private static let runKey = "fleet.run/run"
    private static let planKey = "fleet.run/plan"
    private static let stateFileKey = "fleet.run/state-file"
    private static let userKey = "fleet.run/user"
    private static let machineKey = "fleet.run/machine"
    private static let processKey = "fleet.run/process"
    private static let placeKey = "fleet.run/place"
}
