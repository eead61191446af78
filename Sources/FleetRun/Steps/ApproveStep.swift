public import FleetExpressions
import FleetModel

/// `approve: NAME` – a person's yes, by name: `--approve NAME` (safety rule 20).
///
/// A node waits here; when nothing else is left to do the run ends as blocked, and goes on with
/// `fleet resume --approve NAME`.
public struct ApproveStep: Step {
    /// `approve`.
    public static let kind = "approve"
    /// What it does, for editors and lists.
    public static let purpose = "A person's yes, by name: `--approve NAME`."
    /// `approve: NAME`.
    public static let shorthand: String? = "name"

    /// What is approved.
    public var name: String
    /// What the person should look at first; empty when not said.
    public var message: String

    /// Reads `name` and `message`.
    public init?(_ arguments: inout LocatedDecoder) {
        message = arguments.optional("message", .string) ?? ""
        guard let name = arguments.required("name", .approvalName) else { return nil }
        self.name = name
    }

    /// `wait for the approval "NAME"`.
    public var title: String { "wait for the approval \"\(name)\"" }
    /// Repeatable.
    public var traits: StepTraits { [.repeatable, .onlyLooks] }

    /// Goes on when it was approved by name.
    public func advance(_ context: StepContext) -> StepProgress {
        if context.run.approvals.contains(name) {
            return .done(changed: false, "approved by \(context.run.actor.user)")
        }
        let look = message.isEmpty ? "" : " (\(message))"
        return .blocked("the approval \"\(name)\"\(look): go on with --approve \(name)")
    }

    /// Says whether it is approved.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview([context.run.approvals.contains(name) ? "approved" : "would wait for --approve \(name)"])
    }
}

extension ValueForm<String> {
    /// Letters, digits, `-`, `_` and `.`: it stands on command lines.
    static var approvalName: ValueForm {
        .scalar("a name of letters, digits and -_.") { scalar in
            let isPlain = scalar.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
            return isPlain && !scalar.text.isEmpty && !scalar.text.hasPrefix("-") ? scalar.text : nil
        }
    }
}
