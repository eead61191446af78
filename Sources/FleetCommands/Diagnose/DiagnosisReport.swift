import FleetModel
import FleetReport
import FleetRun

/// A diagnosis for people, the likeliest finding first, and as `fleet.diagnosis/v1`.
struct DiagnosisReport: Report {
    /// `fleet.diagnosis/v1`.
    struct Document: Encodable {
        let schema = "fleet.diagnosis/v1"
        let node: NodeName
        let ready: Bool
        let findings: [Diagnosis.Finding]
    }

    private let diagnosis: Diagnosis

    init(_ diagnosis: Diagnosis) { self.diagnosis = diagnosis }

    var document: Document {
        Document(node: diagnosis.node, ready: diagnosis.isReady, findings: diagnosis.findings)
    }

    func text(_ style: TextStyle) -> String {
        let state = diagnosis.isReady ? style(.good, "Ready") : style(.bad, "not Ready")
        guard !diagnosis.findings.isEmpty else { return "Node \(diagnosis.node) is \(state); nothing stands out" }
        return (["Node \(diagnosis.node) is \(state)"] + diagnosis.findings.map { text($0, style) }).joined(
            separator: "\n\n")
    }

    private func text(_ finding: Diagnosis.Finding, _ style: TextStyle) -> String {
        let tone: TextStyle.Tone =
            switch finding.likelihood {
            case .certain: .bad
            case .likely: .warning
            case .possible: .faint
            }
        let head = "\(style(tone, finding.likelihood.rawValue)): \(finding.message)"
        let evidence = finding.evidence.map { "    \(style(.faint, $0))" }
        return ([head] + evidence + ["    \(style(.strong, "→")) \(finding.mend)"]).joined(separator: "\n")
    }
}
