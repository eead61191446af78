public import FleetExpressions
import FleetModel
import FleetPlanning

/// `diagnose: {fail}` – the host is asked what it is like, and what may be wrong is told, the likeliest first (X1, X3).
public struct DiagnoseStep: Step {
    /// `diagnose`.
    public static let kind = "diagnose"
    /// What it does, for editors and lists.
    public static let purpose = "The host is asked what may be wrong with it; findings are told, the likeliest first."

    /// Whether a Node that is not Ready, or a certain finding, sets the node aside.
    public var fails: Bool

    /// Reads `fail` (true).
    public init?(_ arguments: inout LocatedDecoder) {
        fails = arguments.optional("fail", .bool) ?? true
    }

    /// `diagnose`.
    public var title: String { "diagnose" }
    /// Touches the host, changes nothing.
    public var traits: StepTraits { [.touchesHost, .repeatable, .onlyLooks, .diagnoses] }

    /// Asks host and API once, and judges the answers.
    public func advance(_ context: StepContext) -> StepProgress {
        let (diagnosis, next) = context.diagnosis()
        guard let diagnosis else { return next }
        let words = diagnosis.summary
        let isSound = diagnosis.isReady && !diagnosis.findings.contains { $0.likelihood == .certain }
        if fails, !isSound { return .failed(words.isEmpty ? "the Node is not Ready" : words, diagnosis.findings) }
        return .done(changed: false, words.isEmpty ? "nothing stands out" : words)
    }

    /// Says that it would ask.
    public func preview(_ context: StepContext) -> StepPreview { StepPreview(["would ask the host what may be wrong"]) }
}
