public import FleetModel

/// Something the world is asked to do.
public enum Operation: Hashable, Sendable {
    /// A request of the cluster's API.
    case cluster(ClusterRequest)
    /// A script on a node's host.
    case host(HostCommand)
    /// A script on the host of another node, such as a control-plane host.
    case otherHost(NodeName, HostCommand)
    /// Something of the machine's that runs fleet.
    case local(LocalAct)
    /// A look at a Node's conditions and the warning events about it; changes nothing.
    case nodeHealth(NodeName)
}

/// What the world answered.
public enum OperationAnswer: Hashable, Sendable {
    /// The API's answer.
    case cluster(ClusterOutcome)
    /// The host's answer.
    case host(HostReport)
    /// What the machine that runs fleet reports.
    case local(LocalReport)
    /// A Node's health; nil where there is no such Node.
    case nodeHealth(Result<NodeHealth?, ClusterFailure>)

    /// The answer as the journal keeps it.
    public var result: OperationResult {
        switch self {
        case .cluster(.succeeded): OperationResult(isSuccess: true, code: "succeeded")
        case .nodeHealth(.success(let health)):
            OperationResult(isSuccess: true, code: "succeeded", output: health?.lines ?? "")
        case .cluster(.failed(let failure)), .nodeHealth(.failure(let failure)):
            OperationResult(isSuccess: false, code: failure.code.rawValue, message: failure.message)
        case .host(let report): OperationResult(report)
        case .local(let report): OperationResult(report)
        }
    }
}

extension OperationResult {
    /// A host's report as the journal keeps it: all of standard output, the end of standard error.
    init(_ report: HostReport) {
        self.init(
            isSuccess: report.outcome.isSuccess, code: report.outcome.summary, message: report.explanation,
            output: report.standardOutput
        )
    }
}

extension OperationResult {
    /// A local report as the journal keeps it: the numbers are its output.
    init(_ report: LocalReport) {
        self.init(
            isSuccess: report.isSuccess, code: report.code, message: report.message,
            output: report.values.map { "\($0)" }.joined(separator: " "))
    }
}

extension HostOutcome {
    /// How it ended, in a few words, such as `exited 3`.
    public var summary: String {
        switch self {
        case .exited(let status): "exited \(status)"
        case .signalled(let signal): "killed by SIG\(signal)"
        case .noStatus: "ended without a status"
        case .transportLost: "connection lost"
        case .timedOut(let phase): "timed out (\(phase.rawValue))"
        case .neverStarted: "never started"
        case .refused(let refusal): refusal.code.rawValue
        }
    }
}

extension HostReport {
    /// Why it failed, in the host's own words where there are any; empty on success.
    var explanation: String {
        switch outcome {
        case .exited(0): ""
        case .transportLost(let reason), .neverStarted(let reason): reason
        case .refused(let refusal): refusal.message
        case .exited, .signalled, .noStatus, .timedOut:
            standardError.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "; ")
        }
    }
}

/// What the machine asks its shell to do.
public enum Directive: Hashable, Sendable {
    /// Perform the operation and observe `completed` with the number. The host is the node's.
    case perform(id: Int, node: NodeName?, Operation)
    /// The run is over; nothing more will be asked.
    case finish(RunResult)
}

/// What the machine is told.
public enum Observation: Sendable {
    /// Time passed.
    case tick
    /// The whole cluster, at the start and after a gap.
    case synchronized(ClusterSnapshot)
    /// One change of the cluster.
    case changed(ClusterChange)
    /// The cluster cannot be followed at the moment.
    case interrupted(ClusterFailure)
    /// The process did not run for so long: its machine slept, or it was stopped. The cluster is listed anew after it.
    case suspended(for: Duration)
    /// The machine's clock shows that much more than the run's own time, or less where it is negative.
    case clockSet(by: Duration)
    /// The cluster cannot be followed any more.
    case lost(ClusterFailure)
    /// An operation was answered, after so long; nil where nobody measured it.
    case completed(id: Int, OperationAnswer, after: Duration? = nil)
    /// The operator wants the run to stop.
    case stopRequested(by: String, kind: StopKind = .interrupt)
    /// The cluster's lock is lost, and why: somebody else may work on the cluster (safety rule 23).
    case lockLost(String)
}

/// What came of one observation.
public struct Reaction: Sendable {
    /// Facts to be recorded before anything is done.
    public var events: [RunEvent] = []
    /// What to do once the facts are on disk.
    public var directives: [Directive] = []
    /// When the machine wants the next `tick` at the latest; nil when it waits for the world only.
    public var deadline: Instant?

    /// Nothing.
    public init() {}
}
