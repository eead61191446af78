import FleetExpressions
import FleetModel

/// Members of facts and of registered results that nothing ever has, such as `facts.os.famly`: found when the playbook
/// is read, not on the ninth step at night.
struct MemberNames {
    /// Uses of members that there are not.
    private(set) var mistakes: [Diagnostic] = []

    init(_ steps: [PlannedStep]) {
        // The answer of a host that says everything has every member that facts may have.
        var known: [String: VariableMapping] = [GatheredFacts.variable: Self.facts]
        // A template that two steps upload is one text.
        var seen: Set<VariableReference> = []
        for step in steps {
            for use in step.references where !use.isOptional && step.variables[use.name] == nil {
                guard let shape = known[use.name], !use.members.isEmpty, seen.insert(use).inserted else { continue }
                check(use, .mapping(shape))
            }
            guard let name = step.register else { continue }
            // Two steps may register under one name, each on hosts of its own: what either has may be there.
            let shape = StepResult.shape(of: step.step)
            known[name] = known[name].map { $0.overlaid(by: shape) } ?? shape
        }
    }

    private mutating func check(_ use: VariableReference, _ shape: VariableValue) {
        var value = shape
        var path = use.name
        for member in use.members {
            guard let mapping = value.mappingValue else {
                let kind = value.kindName
                mistakes.append(Diagnostic("\(path) is \(kind), and has no \"\(member)\"", at: use.location))
                return
            }
            guard let next = mapping[member] else {
                let names = mapping.names.sorted()
                mistakes.append(
                    Diagnostic(
                        "\(path) has no \"\(member)\"", at: use.location,
                        expected: "one of \(names.joined(separator: ", "))",
                        suggestion: Suggestion.sentence(for: member, among: names)))
                return
            }
            value = next
            path += ".\(member)"
        }
    }

    private static let facts = GatheredFacts(NodeAnswer("fact_os_id=debian"))?.variables ?? [:]
}

extension StepResult {
    /// What a step of a kind tells once it is done.
    static func shape(of step: any Step) -> VariableMapping {
        let fact = RunEvent.StepFinished(node: "", index: 0, step: type(of: step).kind, changed: false, detail: "")
        return StepResult(fact).variables(step.findings(StepMemory(startedAt: .epoch)))
    }
}
