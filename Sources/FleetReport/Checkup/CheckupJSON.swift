public import FleetRun

/// Checkups as a JSON document, by host and by finding; its schema is `fleet.doctor/v1`.
public struct CheckupJSON: Encodable, Sendable {
    private let schema = "fleet.doctor/v1"
    private let hosts: [Entry]
    private let findings: [Group]

    /// The document of checkups.
    public init(_ checkups: [Checkup]) {
        hosts = checkups.map(Entry.init)
        findings = CheckupGroup.groups(of: checkups).map(Group.init)
    }

    private struct Entry: Encodable {
        let host: String
        let jumpHost: Bool
        let blocked: Bool
        let findings: [Item]

        init(_ checkup: Checkup) {
            host = checkup.host
            jumpHost = checkup.isJumpHost
            blocked = checkup.isBlocked
            findings = checkup.findings.map(Item.init)
        }
    }

    private struct Item: Encodable {
        let code: String
        let severity: Checkup.Severity
        let evidence: String?

        init(_ finding: Checkup.Finding) {
            code = finding.code
            severity = finding.severity
            evidence = finding.evidence.isEmpty ? nil : finding.evidence
        }
    }

    /// A finding with everybody who has it.
    private struct Group: Encodable {
        let code: String
        let severity: Checkup.Severity
        let message: String
        let mend: String
        let names: String
        let hosts: [String]

        init(_ group: CheckupGroup) {
            code = group.code
            severity = group.severity
            message = group.message
            mend = group.mend
            names = group.names.description
            hosts = group.hosts
        }
    }
}
