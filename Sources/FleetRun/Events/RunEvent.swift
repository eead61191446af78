public import FleetModel

/// A fact about a run.
///
/// The journal is a list of these; every view is a fold over them.
public enum RunEvent: Hashable, Sendable {
    case runStarted(RunStarted)
    case runResumed(RunResumed)
    case runHandedOver(RunHandedOver)
    case preflightPassed(PreflightPassed)
    case waveStarted(WaveChanged)
    case waveFinished(WaveChanged)
    case soakStarted(SoakStarted)
    case nodeStarted(NodeStarted)
    case nodeWaiting(NodeWaiting)
    case nodeFinished(NodeFinished)
    case nodeQuarantined(NodeQuarantined)
    case nodeRetreated(NodeRetreated)
    case identityProved(IdentityProved)
    case stepStarted(StepStarted)
    case stepFinished(StepFinished)
    case stepRetried(StepRetried)
    case operationIntended(OperationIntended)
    case operationFinished(OperationFinished)
    case evictionRequested(EvictionRequested)
    case budgetPassed(BudgetPassed)
    case evictionAnswered(EvictionAnswered)
    case podLeft(PodLeft)
    case compensationOwed(CompensationOwed)
    case compensationSettled(CompensationSettled)
    case runBlocked(RunBlocked)
    case healthBaseline(HealthBaseline)
    case healthChecked(HealthChecked)
    case windowOpened(WindowChanged)
    case windowClosed(WindowChanged)
    case nodeReturned(NodeReturned)
    case nodeRewound(NodeRewound)
    case timeStopped(TimeStopped)
    case stopRequested(StopRequested)
    case runFinished(RunFinished)
}

extension RunEvent {
    /// The run began: what it carries out, who asked, and from where.
    public struct RunStarted: Hashable, Sendable, Codable {
        /// The digest of the pinned plan.
        public var planDigest: String
        /// The playbook's name.
        public var playbook: String
        /// The waves asked for, from 1.
        public var waves: [Int]
        /// Login name, host name and version of fleet.
        public var actor: Actor
        /// How it was begun; nil where nobody said, as before 0.2.
        public var invocation: Invocation?
        /// What was said yes to by name; nil where nothing was, as in journals that lack it.
        public var consent: Consent?
    }

    /// Who runs fleet.
    public struct Actor: Hashable, Sendable, Codable {
        /// The login name.
        public var user: String
        /// The machine's name.
        public var machine: String
        /// fleet's version.
        public var version: String
        /// What the cluster calls the user, as its own audit does; nil where it does not tell, and in journals that lack it.
        public var clusterUser: String?

        /// An actor.
        public init(user: String, machine: String, version: String, clusterUser: String? = nil) {
            self.user = user
            self.machine = machine
            self.version = version
            self.clusterUser = clusterUser
        }
    }

    /// A later process took the run up again.
    public struct RunResumed: Hashable, Sendable, Codable {
        /// Who.
        public var actor: Actor
        /// Operations whose outcome was not recorded.
        public var inDoubt: [Int]
        /// What was said yes to by name; nil where nothing was, as in journals that lack it.
        public var consent: Consent?
    }

    /// Every host of the waves asked for was reached and proved.
    public struct PreflightPassed: Hashable, Sendable, Codable {
        /// How many hosts were checked.
        public var hosts: Int
    }

    /// A wave began or ended.
    public struct WaveChanged: Hashable, Sendable, Codable {
        /// From 1.
        public var wave: Int
        /// Its nodes.
        public var nodes: [NodeName]
        /// Its zones.
        public var zones: [String]
    }

    /// A finished wave is watched before the next begins.
    public struct SoakStarted: Hashable, Sendable, Codable {
        /// The finished wave.
        public var wave: Int
        /// How long, in seconds.
        public var seconds: Double
    }

    /// Work on a node began.
    public struct NodeStarted: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// Its wave.
        public var wave: Int
        /// Its zone; empty when unknown.
        public var zone: String
    }

    /// A node waits for something.
    public struct NodeWaiting: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// The kind of the step.
        public var step: String
        /// What is awaited, in the cluster's own words where they exist.
        public var reason: String
    }

    /// All steps of a node are done.
    public struct NodeFinished: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
    }

    /// A node was set aside.
    public struct NodeQuarantined: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// The kind of the step that failed.
        public var step: String
        /// Why.
        public var reason: String
        /// Clean-up that could not be done and is owed.
        public var owesCleanup: Bool
        /// What was found to be wrong with the node, the likeliest first; nil where nothing was asked or found, as in
        /// journals that lack it.
        public var diagnosis: [Diagnosis.Finding]?
        /// The UID of the Node where it came in during the plan; nil for others, and in journals that lack it.
        public var nodeUID: ObjectUID?
    }

    /// A draining node gave way to others that waited for it: it is uncordoned, and begun again later in its wave.
    public struct NodeRetreated: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// The nodes that it waits for before it is begun again.
        public var waitsFor: [NodeName]
        /// Why, naming the budgets and the pods that come to it.
        public var reason: String
    }

    /// A host proved to be its Node (safety rule 2).
    public struct IdentityProved: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// What agreed: `machine-id`, `system-uuid`, `address`; empty when nothing could be compared.
        public var proof: String
        /// Whether the kubelet's CA is this cluster's; nil when it could not be compared.
        public var isClusterCA: Bool?
    }

    /// A step of a node began.
    public struct StepStarted: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// The step's position in the playbook, from 0.
        public var index: Int
        /// The step's kind.
        public var step: String
    }

    /// A step of a node is done.
    public struct StepFinished: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// The step's position in the playbook, from 0.
        public var index: Int
        /// The step's kind.
        public var step: String
        /// Whether it changed anything.
        public var changed: Bool
        /// What it did or found, for the report.
        public var detail: String
        /// The UID of the Node that the step brought in; nil for other steps, and in journals that lack it.
        public var nodeUID: ObjectUID?
    }

    /// A step failed, and is tried again after a pause.
    public struct StepRetried: Hashable, Sendable, Codable {
        /// The node.
        public var node: NodeName
        /// The step's position, from 0.
        public var index: Int
        /// Its kind.
        public var step: String
        /// The attempt that comes next, from 2.
        public var attempt: Int
        /// How many attempts there are at most.
        public var attempts: Int
        /// Why the last one failed.
        public var reason: String
        /// The pause, in seconds.
        public var seconds: Double
    }

    /// A request or command is about to be sent.
    public struct OperationIntended: Hashable, Sendable, Codable {
        /// Its number in the run, from 1.
        public var id: Int
        /// The node it serves; nil for the run's own.
        public var node: NodeName?
        /// The step's position; nil for the run's own.
        public var index: Int?
        /// Its name inside the step.
        public var key: String
        /// What it does, without secrets.
        public var title: String
        /// What it changes in the cluster, with what was there before; nil where it changes nothing there.
        public var changes: [ObjectChange]?
    }

    /// The outcome of a request or command.
    public struct OperationFinished: Hashable, Sendable, Codable {
        /// Its number.
        public var id: Int
        /// What came of it.
        public var result: OperationResult
    }

    /// An eviction is about to be sent.
    public struct EvictionRequested: Hashable, Sendable, Codable {
        /// The operation's number.
        public var id: Int
        /// The pod.
        public var pod: PodReference
        /// The node it leaves.
        public var node: NodeName
        /// What limits it: `PodDisruptionBudget shop/cart`, `implicit budget of Deployment shop/cart`, or nothing.
        public var budget: String
        /// The UID of its workload; nil for bare pods.
        public var workload: ObjectUID?
        /// The workload's Ready pods before.
        public var readyBefore: Int
        /// When the pod was created: one younger than the run moves a second time; nil in journals that lack it.
        public var podCreatedAt: Instant?
        /// Its controller, where that is of a kind that fleet does not know, such as `StrimziPodSet shop/kafka`.
        public var controller: String?
        /// True when it came to the node after the drain began.
        public var isLate: Bool?
    }

    /// A pod that its budget held back until its time was over is about to be deleted, with its own grace (safety rule 11).
    public struct BudgetPassed: Hashable, Sendable, Codable {
        /// The operation and the pod, as for an eviction; its answer is an `eviction.answered`.
        public var request: EvictionRequested
        /// Why it could not be evicted, in the cluster's own words.
        public var reason: String
        /// How long it was held back, in seconds.
        public var waitedSeconds: Double
    }

    /// The API answered an eviction, or a deletion past a budget.
    public struct EvictionAnswered: Hashable, Sendable, Codable {
        /// The operation's number.
        public var id: Int
        /// The pod.
        public var pod: PodReference
        /// The node it leaves.
        public var node: NodeName
        /// Whether the pod goes (or is gone).
        public var isAccepted: Bool
        /// `accepted`, or the failure's code.
        public var answer: String
        /// The server's words when it refused.
        public var message: String
    }

    /// An evicted pod is gone from its node.
    public struct PodLeft: Hashable, Sendable, Codable {
        /// The pod.
        public var pod: PodReference
        /// The node it left.
        public var node: NodeName
        /// The workload it belongs to, such as `Deployment shop/cart`; empty for bare pods.
        public var workload: String
    }

    /// A temporary change is about to be made and must be undone.
    public struct CompensationOwed: Hashable, Sendable, Codable {
        /// What must be undone, with its previous value.
        public var compensation: Compensation
    }

    /// A temporary change was undone, or found undone.
    public struct CompensationSettled: Hashable, Sendable, Codable {
        /// The compensation's name.
        public var id: String
        /// What was found or done.
        public var detail: String
    }

    /// Nothing can start, and why.
    public struct RunBlocked: Hashable, Sendable, Codable {
        /// Why, and what to do.
        public var reason: String
    }

    /// The run ended.
    public struct RunFinished: Hashable, Sendable, Codable {
        /// How.
        public var result: RunResult
        /// Why, when it is not `done`.
        public var reason: String
    }
}

/// How a run ended.
public enum RunResult: String, Hashable, Sendable, Codable {
    /// Everything asked for is done.
    case done
    /// It stopped on a failure.
    case failed
    /// It went to its end, with nodes set aside.
    case quarantined
    /// It cannot go on now, and can be resumed.
    case blocked
    /// The operator stopped it; it can be resumed.
    case interrupted
    /// The operator paused it; it can be resumed.
    case paused
    /// The operator ended it; cordons stay, temporary changes are undone.
    case aborted
    /// The operator ended it; what it cordoned and did not finish draining is schedulable again.
    case rolledBack = "rolled-back"

    /// Whether the run is over and cannot be gone on with.
    public var isFinal: Bool {
        switch self {
        case .done, .failed, .quarantined, .aborted, .rolledBack: true
        case .blocked, .interrupted, .paused: false
        }
    }
}

/// The outcome of one operation, as the journal keeps it.
public struct OperationResult: Hashable, Sendable, Codable {
    /// Whether it did what was asked.
    public var isSuccess: Bool
    /// `succeeded`, a failure's code, or how a command ended, such as `exited 3`.
    public var code: String
    /// The server's or the command's own words, shortened, without secrets.
    public var message: String
    /// Standard output where a step needs it later.
    public var output: String

    /// A result.
    public init(isSuccess: Bool, code: String, message: String = "", output: String = "") {
        self.isSuccess = isSuccess
        self.code = code
        self.message = message
        self.output = output
    }
}
