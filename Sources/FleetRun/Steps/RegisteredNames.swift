import FleetExpressions
import FleetModel

/// The names under which steps register how they ended: each must be registered before it is used.
struct RegisteredNames {
    /// Uses that come too early.
    private(set) var mistakes: [Diagnostic] = []

    init(_ steps: [PlaybookStep]) {
        let all = Set(steps.compactMap(\.register))
        var known: Set<String> = []
        for step in steps {
            for reference in VariableReference.all(in: step) where all.contains(reference.name) {
                guard !known.contains(reference.name), step.variables[reference.name] == nil else { continue }
                mistakes.append(
                    Diagnostic(
                        "\"\(reference.name)\" is registered by a later step only", at: reference.location,
                        suggestion: "move the step that registers it before this one"))
            }
            if let name = step.register { known.insert(name) }
        }
    }
}
