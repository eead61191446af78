public import FleetModel

extension RunEvent {
    /// What an operator said yes to for one process of a run, beyond the plan (safety rules 11, 20 and 23).
    public struct Consent: Hashable, Sendable, Codable {
        /// What was approved by name (`--approve`), in order.
        public var approvals: [String]
        /// What was allowed that a run does not do by itself (`--allow`).
        public var allowed: [String]
        /// The run from which the cluster was to be taken over (`--take-over`); nil where none was named.
        public var takeOver: RunID?
        /// Whether the run was taken back after it had been handed over (`--take-back`); nil where it was not.
        public var takesBack: Bool?
        /// What was said yes to at a question (such as `critical-pods`, `run`), in order; nil where nothing was asked.
        public var answered: [String]?

        /// What was said; nil where nothing was.
        public init?(
            approvals: [String] = [], allowed: [String] = [], takeOver: RunID? = nil, takesBack: Bool = false,
            answered: [String] = []
        ) {
            if approvals.isEmpty, allowed.isEmpty, takeOver == nil, !takesBack, answered.isEmpty { return nil }
            self.approvals = approvals
            self.allowed = allowed
            self.takeOver = takeOver
            self.takesBack = takesBack ? true : nil
            self.answered = answered.isEmpty ? nil : answered
        }
    }
}
