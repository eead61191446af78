public import FleetExpressions
public import FleetModel

/// One kind of step of a playbook: it decodes itself, describes itself, and decides what to do next on a node.
///
/// A step acts by returning ``StepProgress`` and looks only at its ``StepContext``. It is asked again after everything
/// that may concern it, so it observes the world anew each time instead of trusting what it did before; that is also
/// how it goes on after a crash.
public protocol Step: Sendable {
    /// The key in a playbook, such as `drain`.
    static var kind: String { get }

    /// The key that a bare value stands for, as in `swap: off`; nil where the kind takes a mapping only.
    static var shorthand: String? { get }

    /// What it does, in one sentence, for editors and lists.
    static var purpose: String { get }

    /// How often it is tried again where the playbook does not say it.
    static var usualRetries: StepRetries { get }

    /// Reads the arguments; mistakes are reported to the decoder. All keys are asked for before it gives up.
    init?(_ arguments: inout LocatedDecoder)

    /// What it does, in a few words, for plans and messages.
    var title: String { get }

    /// What planning must know of it.
    var traits: StepTraits { get }

    /// Decides what to do next.
    func advance(_ context: StepContext) -> StepProgress

    /// Says what the step would do, and asks for the looks (never changes) that it needs for that.
    func preview(_ context: StepContext) -> StepPreview

    /// What it asks of the cluster's API besides what every run does.
    var access: [AccessQuestion] { get }

    /// The kinds of changes that it makes for a time only.
    ///
    /// They are undone at a window's end (safety rule 21), and the step is done once more for a node that goes on in a
    /// later one. A token is not among them: whoever joins again makes a new one.
    var temporary: Set<Compensation.Kind> { get }

    /// What later steps may know of it once it is done, from what it did: more than `changed`, `skipped` and `detail`.
    func findings(_ memory: StepMemory) -> VariableMapping
}

extension Step {
    /// A mapping only.
    public static var shorthand: String? { nil }

    /// Not at all: what a step asks of the API and of hosts is tried again by itself.
    public static var usualRetries: StepRetries { StepRetries(0) }

    /// Nothing.
    public var access: [AccessQuestion] { [] }

    /// None.
    public var temporary: Set<Compensation.Kind> { [] }

    /// Nothing more.
    public func findings(_ memory: StepMemory) -> VariableMapping { [:] }
}

/// What planning and the machines must know of a step without knowing its kind.
public struct StepTraits: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: Int
    /// Wraps bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// It runs commands on the host: the host must be reached and proved first.
    public static let touchesHost = StepTraits(rawValue: 1)
    /// It empties the node.
    public static let drains = StepTraits(rawValue: 2)
    /// It removes the Node object.
    public static let deletesNode = StepTraits(rawValue: 4)
    /// It removes things from the host that cannot be put back.
    public static let cleans = StepTraits(rawValue: 8)
    /// It moves workloads of one replica without downtime.
    public static let surges = StepTraits(rawValue: 16)
    /// It may lose the data of emptyDir volumes.
    public static let losesEmptyDir = StepTraits(rawValue: 32)
    /// It depends on workloads that run elsewhere, so any workload's change concerns it.
    public static let watchesWorkloads = StepTraits(rawValue: 64)
    /// It may run twice without harm.
    public static let repeatable = StepTraits(rawValue: 128)
    /// It cordons the node.
    public static let cordons = StepTraits(rawValue: 512)
    /// It lifts the cordon.
    public static let uncordons = StepTraits(rawValue: 1024)
    /// It may delete pods that nothing starts again.
    public static let deletesBarePods = StepTraits(rawValue: 2048)
    /// It brings the Node into the cluster.
    public static let joins = StepTraits(rawValue: 4096)
    /// Another attempt may begin where one failed.
    public static let retriable = StepTraits(rawValue: 8192)
    /// It stops the kubelet, which makes a node that was drained not Ready.
    public static let stopsKubelet = StepTraits(rawValue: 256)
    /// It may end what runs on the host without pods' knowing, or the host itself: reboots, services, scripts, clean-up.
    public static let interruptsHost = StepTraits(rawValue: 32768)
    /// It asks control-plane hosts of the inventory, whichever hosts the run works on.
    public static let asksControlPlane = StepTraits(rawValue: 65536)
    /// It looks, or waits, and changes nothing anywhere.
    public static let onlyLooks = StepTraits(rawValue: 16384)
    /// Where it waited in vain it asks host and API why (X4).
    public static let diagnoses = StepTraits(rawValue: 131072)
}

/// What a step decided.
public enum StepProgress: Sendable {
    /// Do these, then ask again; the text says what is awaited.
    case perform([StepOperation], waitingFor: String)
    /// Nothing to do until something changes, or until an instant.
    case wait(String, until: Instant? = nil)
    /// Nothing until a person acts; when nothing else is left to do the run ends as blocked, and can be resumed.
    case blocked(String)
    /// Done; whether it changed anything, and what it did or found.
    case done(changed: Bool, String)
    /// It cannot be done; the node is set aside. The findings are those of a diagnosis, where one was made.
    case failed(String, [Diagnosis.Finding] = [])
    /// An attempt came to its own end and failed: it is tried again where the playbook asks for that, and else the node
    /// is set aside.
    case unsuccessful(String, [Diagnosis.Finding] = [])
}

/// One act of a step.
public struct StepOperation: Sendable {
    /// Its name inside the step; the same name is not in flight twice.
    public var key: String
    /// What it does, without secrets.
    public var title: String
    /// The act.
    public var operation: Operation
    /// What must be undone later, recorded before the act.
    public var compensation: Compensation?
    /// Whether it completes what is under way, so that a stop does not hold it back (safety rule 22).
    public var settles = false

    /// An act.
    public init(key: String, title: String, _ operation: Operation, compensation: Compensation? = nil) {
        self.key = key
        self.title = title
        self.operation = operation
        self.compensation = compensation
    }
}

/// What a step would do.
public struct StepPreview: Sendable {
    /// Sentences such as `would cordon`.
    public var lines: [String]
    /// Looks at the host that say more: scripts that change nothing.
    public var looks: [StepOperation]

    /// A preview.
    public init(_ lines: [String], looks: [StepOperation] = []) {
        self.lines = lines
        self.looks = looks
    }
}

extension Step {
    /// Whether a node for which it was begun cannot begin anew, though it is done: the Node, the kubelet or files are gone, or
    /// something ran on the host that must not run twice.
    var isFinal: Bool {
        !traits.isDisjoint(with: [.deletesNode, .cleans, .stopsKubelet, .joins])
            || traits.contains(.touchesHost) && !traits.contains(.repeatable)
    }

    /// Whether a node is not given back while it is under way.
    var commits: Bool { isFinal || traits.contains(.touchesHost) && !traits.contains(.onlyLooks) }
}
