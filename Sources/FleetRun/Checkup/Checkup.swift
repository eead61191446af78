/// What would go wrong when fleet works on a host, each with its one-line mend.
public struct Checkup: Hashable, Sendable {
    /// How bad a finding is.
    public enum Severity: String, Hashable, Sendable, Codable, CaseIterable {
        /// Work on the host would fail.
        case blocker
        /// It would be slow, or fail some day.
        case warning
    }

    /// One finding.
    public struct Finding: Hashable, Sendable {
        /// A short name that does not change, such as `host-key-unknown`.
        public var code: String
        /// How bad it is.
        public var severity: Severity
        /// What is wrong, without anything that differs from host to host.
        public var message: String
        /// What was seen on this host, in its own words; empty where the message says everything.
        public var evidence: String
        /// What to do about it.
        public var mend: String

        /// A finding.
        public init(_ code: String, _ severity: Severity, _ message: String, evidence: String = "", mend: String) {
            self.code = code
            self.severity = severity
            self.message = message
            self.evidence = evidence
            self.mend = mend
        }
    }

    /// The host's name in the inventory, or a jump host's as it is named there.
    public var host: String
    /// Whether other hosts are reached through it.
    public var isJumpHost: Bool
    /// What was found, blockers first.
    public var findings: [Finding]

    /// Judges evidence; equal evidence gives equal findings.
    public init(_ evidence: CheckupEvidence) {
        host = evidence.host
        isJumpHost = evidence.isJumpHost
        let found = CheckupRules.all.flatMap { $0(evidence) }
        findings = Severity.allCases.flatMap { severity in found.filter { $0.severity == severity } }
    }

    /// Whether work on the host would fail.
    public var isBlocked: Bool { findings.contains { $0.severity == .blocker } }
}
