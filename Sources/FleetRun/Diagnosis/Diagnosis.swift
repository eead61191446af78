public import FleetModel

/// Why a node does not work, or takes no pods: findings, the likeliest first (X1–X3).
public struct Diagnosis: Hashable, Sendable {
    /// How sure a finding is of being the cause.
    public enum Likelihood: String, Hashable, Sendable, Codable, CaseIterable {
        /// It alone explains what is wrong.
        case certain
        /// It usually does.
        case likely
        /// It may have a part in it.
        case possible
    }

    /// One finding.
    public struct Finding: Hashable, Sendable, Codable {
        /// A short name that does not change, such as `kubelet-stopped`.
        public var code: String
        /// How sure it is.
        public var likelihood: Likelihood
        /// What is wrong.
        public var message: String
        /// What was seen, in the cluster's and the host's own words.
        public var evidence: [String]
        /// What to do about it.
        public var mend: String

        /// A finding.
        public init(_ code: String, _ likelihood: Likelihood, _ message: String, evidence: [String] = [], mend: String)
        {
            self.code = code
            self.likelihood = likelihood
            self.message = message
            self.evidence = evidence
            self.mend = mend
        }

        /// What is wrong with the first line that was seen of it, how sure that is, and the mend.
        public var sentence: String {
            let seen = evidence.first.map { ": \($0)" } ?? ""
            return "\(message)\(seen) (\(likelihood.rawValue); \(mend))"
        }
    }

    /// The Node's name.
    public var node: NodeName
    /// Whether the Node is there and Ready.
    public var isReady: Bool
    /// What was found, the likeliest first.
    public var findings: [Finding]

    /// Judges evidence; equal evidence gives equal findings.
    public init(_ evidence: DiagnosisEvidence) {
        node = evidence.name
        isReady = evidence.isReady
        let found = (HostRules.all + ClusterRules.all).compactMap { $0(evidence) }
        findings = Likelihood.allCases.flatMap { likelihood in found.filter { $0.likelihood == likelihood } }
        if findings.isEmpty, !isReady { findings = [Self.unexplained(evidence)] }
    }

    /// Every finding in one sentence; empty when there are none.
    public var summary: String { findings.map(\.sentence).joined(separator: "; ") }

    private static func unexplained(_ evidence: DiagnosisEvidence) -> Finding {
        let condition = evidence.health?.condition("Ready")
        let words = [condition.map { "Ready is \($0.status): \($0.reason): \($0.message)" }].compactMap(\.self)
        return Finding(
            "unexplained", .possible, "nothing that fleet looks at explains why Node \(evidence.name) is not Ready",
            evidence: words + (evidence.host?.kubelet.errors ?? []),
            mend: "read journalctl -u kubelet on the host")
    }
}
