public import FleetExpressions
public import FleetModel
import FleetPlanning

/// The kinds of steps that a playbook may use.
public enum StepCatalogue {
    /// All kinds, in the order of the manual.
    public static let kinds: [any Step.Type] = [
        CordonStep.self, UncordonStep.self, ExcludeFromLoadBalancersStep.self, SurgeStep.self,
        WaitForConnectionsStep.self, AdjustBudgetStep.self, DrainStep.self, VerifyDrainedStep.self,
        WaitVolumesDetachedStep.self, RemoveDaemonPodsStep.self, HostOffStep.self,
        ServiceStep.self, RunStep.self, DeleteNodeStep.self, CleanupStep.self, VerifyGoneStep.self,
        HostNameStep.self, HostsEntriesStep.self, LinesInFileStep.self, SwapStep.self, KernelModuleStep.self,
        SysctlStep.self, PackagesStep.self, ContainerdStep.self, KubeletConfigStep.self, UploadStep.self,
        JoinStep.self, WaitReadyStep.self, PodNetworkStep.self, LabelStep.self, TaintStep.self,
        RebootStep.self, EtcdQuorumStep.self, HTTPStep.self, VerifyStep.self, DiagnoseStep.self, ApproveStep.self,
        SoakStep.self,
    ]

    /// Decodes a playbook's steps; throws every mistake at once.
    public static func decode(_ steps: [PlaybookStep]) throws(Diagnostics) -> [PlannedStep] {
        var mistakes: [Diagnostic] = []
        let decoded = decode(steps, &mistakes)
        mistakes += unknownMembers(in: decoded)
        if let failure = Diagnostics(mistakes) { throw failure }
        return decoded
    }

    /// Decodes the steps that can be read, and adds the mistakes of the others.
    public static func decode(_ steps: [PlaybookStep], _ mistakes: inout [Diagnostic]) -> [PlannedStep] {
        mistakes += RegisteredNames(steps).mistakes
        let decoded = steps.compactMap { decode($0, &mistakes) }
        mistakes += unprovedEnds(in: decoded)
        mistakes += StepOrder.mistakes(in: decoded)
        return decoded
    }

    /// Members of facts and of registered results that nothing ever has; where files are uploaded, once it is known which
    /// variables their templates name.
    public static func unknownMembers(in steps: [PlannedStep]) -> [Diagnostic] { MemberNames(steps).mistakes }

    /// Drains that end pods at once, and no step before them that proves the host off (safety rule 11).
    private static func unprovedEnds(in steps: [PlannedStep]) -> [Diagnostic] {
        steps.indices.compactMap { index in
            guard (steps[index].step as? DrainStep)?.endsAtOnce == true, let place = steps[index].location,
                !steps[..<index].contains(where: { $0.step is HostOffStep })
            else { return nil }
            return Diagnostic(
                "grace_period: 0s ends Pod objects, not their containers, so it takes proof that the host is off",
                at: place, expected: "a host_off step before the drain, or a grace_period of at least 1s")
        }
    }

    /// What a step may be, for editors: a bare kind, or one kind with its arguments and what may stand beside it.
    public static func schema(beside modifiers: [ValueSchema.Key], include: ValueSchema.Key) -> ValueSchema {
        let kinds = kinds.map { ValueSchema.Key($0.kind, arguments(of: $0)) } + [include]
        var object = ValueSchema.object(kinds + modifiers)
        object.keywords["oneOf"] = .list(kinds.map { ["required": [.string($0.name)]] })
        let bare = Self.kinds.filter { type in !LocatedDecoder.keys { type.init(&$0) }.contains(where: \.isRequired) }
        return .any(of: [object, .choice(bare.map { $0.kind })])
    }

    private static func arguments(of type: any Step.Type) -> ValueSchema {
        let keys = LocatedDecoder.keys { type.init(&$0) }
        var forms = [ValueSchema.object(keys)]
        if let shorthand = keys.first(where: { $0.name == type.shorthand }) { forms.append(shorthand.schema) }
        if !keys.contains(where: \.isRequired) { forms.append(.nothing) }
        return ValueSchema.any(of: forms).described(type.purpose)
    }

    private static func decode(_ step: PlaybookStep, _ mistakes: inout [Diagnostic]) -> PlannedStep? {
        guard let type = kinds.first(where: { $0.kind == step.kind }) else {
            let names = kinds.map { $0.kind }
            if step.kind == "include" { return nil }  // What is wrong with it is told where it is read.
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
        if let result, let retries = step.retries, retries.count > 0, !result.traits.contains(.retriable) {
            mistakes.append(
                Diagnostic(
                    "\(step.kind) cannot be tried again as a whole", at: retries.location ?? step.location,
                    suggestion: "what it asks of the API and of hosts is tried again by itself; remove retries"))
        }
        return result.map { PlannedStep($0, step) }
    }
}

extension StepCatalogue {
    /// The arguments as a mapping: a bare value stands for the kind's shorthand key.
    private static func arguments(of step: PlaybookStep, _ shorthand: String?) -> LocatedValue {
        let value = step.arguments
        var entries = value.mapping?.entries ?? []
        if value.mapping == nil, !value.isNull {
            guard let shorthand else { return value }
            entries = [LocatedMapping.Entry(key: shorthand, keyLocation: value.location, value: value)]
        }
        // `repeatable` may stand beside the kind or among its arguments; kinds that do not know it refuse it.
        if let flag = step.isRepeatable, !entries.contains(where: { $0.key == "repeatable" }) {
            let scalar = LocatedScalar(text: "\(flag)", value: .bool(flag), textLocation: step.location)
            entries.append(
                LocatedMapping.Entry(
                    key: "repeatable", keyLocation: step.location,
                    value: LocatedValue(.scalar(scalar), at: step.location)))
        }
        return entries.isEmpty ? value : LocatedValue(.mapping(LocatedMapping(entries)), at: value.location)
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
    /// The variable under which later steps of the node see how it ended; nil when they do not.
    public var register: String?
    /// Variables of this step alone, over the playbook's.
    public var variables: VariableMapping = [:]
    /// The variables that its condition and arguments name, and where.
    public var references: [VariableReference] = []
    /// How often it is tried again where it fails.
    public var retries: StepRetries
    /// Where it stands; nil for a step of no file.
    public var location: SourceLocation?

    /// A step.
    public init(step: any Step, name: String? = nil, condition: Condition? = nil, isForNewcomers: Bool? = nil) {
        self.step = step
        self.name = name
        self.condition = condition
        self.isForNewcomers = isForNewcomers
        retries = type(of: step).usualRetries
    }

    init(_ step: any Step, _ source: PlaybookStep) {
        self.init(step: step, name: source.name, condition: source.condition)
        register = source.register
        retries = source.retries ?? retries
        variables = source.variables
        references = VariableReference.all(in: source)
        location = source.location
    }

    /// Whether hosts must be asked what they are like before the step.
    var needsFacts: Bool { references.contains { $0.name == GatheredFacts.variable } }

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
            kind: kind, title: title, touchesHost: traits.contains(.touchesHost) || needsFacts,
            cordons: traits.contains(.cordons),
            uncordons: traits.contains(.uncordons), drains: traits.contains(.drains),
            deletesNode: traits.contains(.deletesNode), cleans: traits.contains(.cleans),
            surges: traits.contains(.surges), losesEmptyDir: traits.contains(.losesEmptyDir),
            deletesBarePods: traits.contains(.deletesBarePods), joins: traits.contains(.joins),
            setsLabels: (step as? LabelStep)?.keys ?? [],
            adjustsBudgets: (step as? AdjustBudgetStep)?.budgets ?? []
        )
    }
}

extension [PlannedStep] {
    /// Whether there are steps, and none of them changes anything.
    var onlyLook: Bool { !isEmpty && allSatisfy { $0.step.traits.contains(.onlyLooks) } }
}
