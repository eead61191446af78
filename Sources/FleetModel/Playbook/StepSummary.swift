/// What planning must know of a playbook's step.
public struct StepSummary: Hashable, Sendable, Codable {
    /// The key in a playbook, such as `drain`.
    public var kind: String
    /// What it does, in a few words.
    public var title: String
    /// It runs commands on the host.
    public var touchesHost: Bool
    /// It cordons the node.
    public var cordons: Bool
    /// It lifts the cordon.
    public var uncordons: Bool
    /// It empties the node.
    public var drains: Bool
    /// It removes the Node object.
    public var deletesNode: Bool
    /// It removes things from the host that cannot be put back.
    public var cleans: Bool
    /// It moves workloads of one replica without downtime.
    public var surges: Bool
    /// It may lose the data of emptyDir volumes.
    public var losesEmptyDir: Bool
    /// It may delete pods that nothing starts again.
    public var deletesBarePods: Bool
    /// It brings the Node into the cluster, so that the host may have none yet.
    public var joins: Bool
    /// The keys of the labels that it gives the Node, beyond the inventory's.
    public var setsLabels: [String]
    /// The budgets that it lets permit a pod for the time being, by name.
    public var adjustsBudgets: [ObjectKey]

    /// A step; everything omitted does not hold.
    public init(
        kind: String, title: String = "", touchesHost: Bool = false, cordons: Bool = false, uncordons: Bool = false,
        drains: Bool = false, deletesNode: Bool = false, cleans: Bool = false, surges: Bool = false,
        losesEmptyDir: Bool = false, deletesBarePods: Bool = false, joins: Bool = false,
        setsLabels: [String] = [], adjustsBudgets: [ObjectKey] = []
    ) {
        self.kind = kind
        self.title = title.isEmpty ? kind : title
        self.touchesHost = touchesHost
        self.cordons = cordons
        self.uncordons = uncordons
        self.drains = drains
        self.deletesNode = deletesNode
        self.cleans = cleans
        self.surges = surges
        self.losesEmptyDir = losesEmptyDir
        self.deletesBarePods = deletesBarePods
        self.joins = joins
        self.setsLabels = setsLabels
        self.adjustsBudgets = adjustsBudgets
    }
}
