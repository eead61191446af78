import FleetExpressions
import FleetModel
import FleetPlanning

extension RunMachine {
    /// What became of a step's condition on a node.
    enum Wish {
        case wanted
        case unwanted(String)
        /// It cannot be worked out, and why.
        case undecided(String)
    }

    /// Whether a step is to be carried out on a node.
    ///
    /// What cannot be decided is never decided by guessing.
    func wish(_ planned: PlannedStep, _ index: Int, _ name: NodeName) -> Wish {
        guard let condition = planned.condition else { return .wanted }
        do throws(Diagnostic) {
            return try condition.holds(in: scope(of: name, index)) ? .wanted : .unwanted("when: \(condition.text)")
        } catch {
            return .undecided("when: \(condition.text) cannot be worked out: \(error)")
        }
    }

    /// What a step's templates and condition see on a node: the host's variables, its facts, what earlier steps
    /// registered, and the step's own variables; `--extra-vars` hide them all.
    func scope(of name: NodeName, _ index: Int) -> VariableScope {
        var scope = order.scopes[name] ?? VariableScope()
        guard let node = state.nodes[name] else { return scope }
        if let facts = node.facts { scope.addLiteral([GatheredFacts.variable: .mapping(facts.variables)]) }
        let registered = registered(by: node, before: index)
        if !registered.isEmpty { scope.addLiteral(registered) }
        if order.steps.indices.contains(index) { scope.add(order.steps[index].variables) }
        return scope
    }

    private func registered(by node: NodeProgress, before index: Int) -> VariableMapping {
        var variables = VariableMapping()
        for (position, planned) in order.steps.prefix(index).enumerated() {
            guard let name = planned.register, let result = node.results[position] else { continue }
            let findings = node.steps[position].map { planned.step.findings($0) } ?? [:]
            variables[name] = .mapping(result.variables(result.isSkipped ? [:] : findings))
        }
        return variables
    }
}
