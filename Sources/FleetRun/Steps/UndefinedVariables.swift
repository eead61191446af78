public import FleetExpressions
import FleetModel

/// Variables that steps name and nobody defines: found before anything is changed, not on the ninth step at night.
public struct UndefinedVariables {
    /// A host as far as its variables go.
    public struct Subject: Sendable {
        /// What messages call it.
        public var name: String
        /// Its variables.
        public var scope: VariableScope
        /// Whether it comes in for another; nil where nothing is replaced.
        public var isNewcomer: Bool?

        /// A host.
        public init(name: String, scope: VariableScope, isNewcomer: Bool? = nil) {
            self.name = name
            self.scope = scope
            self.isNewcomer = isNewcomer
        }
    }

    private let steps: [PlannedStep]
    private let subjects: [Subject]

    /// Every use of a variable that is undefined on some of the hosts, in the order of the steps.
    ///
    /// What stands behind `default` or `is defined` is no use; neither is what a step says on hosts where its condition
    /// is known not to hold.
    public static func mistakes(in steps: [PlannedStep], on subjects: [Subject]) -> [Diagnostic] {
        UndefinedVariables(steps: steps, subjects: subjects).mistakes
    }

    private var mistakes: [Diagnostic] {
        var registered: Set<String> = [GatheredFacts.variable]
        var found: [Diagnostic] = []
        for step in steps {
            let known = registered.union(step.variables.names)
            let uses = step.references.filter { !$0.isOptional && !known.contains($0.name) }
            var seen: Set<VariableReference> = []
            for use in uses where seen.insert(use).inserted {
                let lacking = subjects.filter { concerns(step, $0) && !$0.scope.names.contains(use.name) }
                guard let first = lacking.first, lacking.contains(where: { mayRun(step, on: $0) }) else { continue }
                found.append(mistake(use, on: lacking.filter { mayRun(step, on: $0) }.map(\.name), near: first.scope))
            }
            if let name = step.register { registered.insert(name) }
        }
        return found
    }

    private func concerns(_ step: PlannedStep, _ subject: Subject) -> Bool {
        step.isForNewcomers.map { $0 == (subject.isNewcomer ?? false) } ?? true
    }

    /// Whether the step's condition may hold: what depends on facts or on other steps may.
    private func mayRun(_ step: PlannedStep, on subject: Subject) -> Bool {
        guard let condition = step.condition else { return true }
        var scope = subject.scope
        scope.add(step.variables)
        return (try? condition.holds(in: scope)) ?? true
    }

    private func mistake(_ use: VariableReference, on hosts: [String], near scope: VariableScope) -> Diagnostic {
        let shown = hosts.prefix(3).joined(separator: ", ")
        let more = hosts.count > 3 ? " and \(hosts.count - 3) more" : ""
        return Diagnostic(
            "\"\(use.name)\" is undefined for \(shown)\(more)", at: use.location,
            suggestion: Suggestion.sentence(for: use.name, among: scope.names)
                ?? "define it in the inventory, the playbook's vars or with --extra-vars")
    }
}
