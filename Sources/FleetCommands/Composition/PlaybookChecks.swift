import FleetExpressions
import FleetModel

/// What a playbook's `preflight` asks for.
///
/// Most checks are part of every plan; they may be named, and unknown names are mistakes.
struct PlaybookChecks {
    /// Checks that every plan and run makes, named or not.
    private static let always = ["api_access", "host_access", "capacity_fit", "disruption_budgets", "local_data"]

    /// Pods that need an approval, besides those of the system's priority classes.
    private(set) var criticalPods: [LabelSelector] = []

    /// Reads the checks, and adds every mistake.
    init(_ checks: [PlaybookCheck], _ mistakes: inout [Diagnostic]) {
        for check in checks {
            if check.kind == "critical_pods" {
                if let selector = Self.selector(check, &mistakes) { criticalPods.append(selector) }
            } else if !Self.always.contains(check.kind) {
                mistakes.append(Self.unknown(check))
            }
        }
    }

    /// What a check may be, for editors.
    static var schema: ValueSchema {
        let critical = ValueSchema.object([
            ValueSchema.Key("selector", isRequired: true, ValueForm<LabelSelector>.labelSelector.schema)
        ])
        return .any(of: [
            .choice(always), .object([ValueSchema.Key("critical_pods", isRequired: true, critical)]),
        ])
    }

    private static func selector(_ check: PlaybookCheck, _ mistakes: inout [Diagnostic]) -> LabelSelector? {
        var decoder = LocatedDecoder(check.arguments, as: "critical_pods")
        let selector = decoder.required("selector", .labelSelector)
        decoder.refuseUnknownKeys()
        mistakes += decoder.diagnostics
        return selector
    }

    private static func unknown(_ check: PlaybookCheck) -> Diagnostic {
        let known = always + ["critical_pods"]
        return Diagnostic(
            "there is no check \"\(check.kind)\"", at: check.location,
            expected: "one of \(known.joined(separator: ", "))",
            suggestion: Suggestion.sentence(for: check.kind, among: known)
        )
    }
}
