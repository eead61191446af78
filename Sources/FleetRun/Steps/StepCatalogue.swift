public import FleetExpressions
public import FleetModel
import FleetPlanning

/// The kinds of steps that a playbook may use.
public enum StepCatalogue {
    /// All kinds, in the order of the manual.
    public static let kinds: [any Step.Type] = [
        CordonStep.self, UncordonStep.self, ExcludeFromLoadBalancersStep.self, SurgeStep.self,
        WaitForConnectionsStep.self, DrainStep.self, VerifyDrainedStep.self, WaitVolumesDetachedStep.self,
        ServiceStep.self, RunStep.self, DeleteNodeStep.self, CleanupStep.self, VerifyGoneStep.self,
        HostNameStep.self, HostsEntriesStep.self, LinesInFileStep.self, SwapStep.self, KernelModuleStep.self,
        SysctlStep.self, PackagesStep.self, ContainerdStep.self, KubeletConfigStep.self, UploadStep.self,
        JoinStep.self, WaitReadyStep.self, LabelStep.self, TaintStep.self,
        RebootStep.self, HTTPStep.self, ApproveStep.self, SoakStep.self,
    ]

    /// Decodes a playbook's steps; throws every mistake at once.
    public static func decode(_ steps: [PlaybookStep]) throws(Diagnostics) -> [PlannedStep] {
        var mistakes: [Diagnostic] = []
        let decoded = steps.compactMap { decode($0, &mistakes) }
        if let failure = Diagnostics(mistakes) { throw failure }
        return decoded
    }

    private static func decode(_ step: PlaybookStep, _ mistakes: inout [Diagnostic]) -> PlannedStep? {
        guard let type = kinds.first(where: { $0.kind == step.kind }) else {
            let names = kinds.map { $0.kind }
            mistakes.append(
                Diagnostic(
                    "there is no step \"\(step.kind)\"", at: step.kindLocation,
                    expected: "one of \(names.joined(separator: ", "))",
                    suggestion: Suggestion.sentence(for: step.kind, among: names)
                )
            )
            return nil
        }
        var decoder = LocatedDecoder(arguments(of: step, type.shorthand), as: step.kind)
        let result = type.init(&decoder)
        decoder.refuseUnknownKeys()
        mistakes += decoder.diagnostics
        return result.map { PlannedStep(step: $0, name: step.name, condition: step.condition) }
    }
}

extension StepCatalogue {
    /// The arguments as a mapping: a bare value stands for the kind's shorthand key.
    private static func arguments(of step: PlaybookStep, _ shorthand: String?) -> LocatedValue {
        let value = step.arguments
        guard let shorthand, value.mapping == nil, !value.isNull else { return value }
        let entry = LocatedMapping.Entry(key: shorthand, keyLocation: value.location, value: value)
        return LocatedValue(.mapping(LocatedMapping([entry])), at: value.location)
    }
}

/// A step of a playbook, decoded, with what the playbook says around it.
public struct PlannedStep: Sendable {
    /// The step.
    public var step: any Step
    /// The operator's name for it.
    public var name: String?
    /// It is left out on hosts where this does not hold.
    public var condition: Condition?
    /// Whether it is for hosts that come in for others (true), for nodes that leave (false), or for all.
    public var isForNewcomers: Bool?

    /// A step.
    public init(step: any Step, name: String? = nil, condition: Condition? = nil, isForNewcomers: Bool? = nil) {
        self.step = step
        self.name = name
        self.condition = condition
        self.isForNewcomers = isForNewcomers
    }

    /// Whether the step is one of the target's.
    func concerns(_ target: PlanTarget?) -> Bool {
        isForNewcomers.map { $0 == (target?.isNewcomer ?? false) } ?? true
    }

    /// The kind, such as `drain`.
    public var kind: String { type(of: step).kind }
    /// The operator's name, else the step's own title.
    public var title: String { name ?? step.title }
}

extension PlannedStep {
    /// What planning must know of it.
    public var summary: StepSummary {
        let traits = step.traits
        return StepSummary(
            kind: kind, title: title, touchesHost: traits.contains(.touchesHost), cordons: traits.contains(.cordons),
            uncordons: traits.contains(.uncordons), drains: traits.contains(.drains),
            deletesNode: traits.contains(.deletesNode), cleans: traits.contains(.cleans),
            surges: traits.contains(.surges), losesEmptyDir: traits.contains(.losesEmptyDir),
            deletesBarePods: traits.contains(.deletesBarePods), joins: traits.contains(.joins)
        )
    }
}
