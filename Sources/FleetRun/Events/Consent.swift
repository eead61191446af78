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

        /// What was said; nil where nothing was.
        public init?(
            approvals: [String] = [], allowed: [String] = [], takeOver: RunID? = nil, takesBack: Bool = false
        ) {
            if approvals.isEmpty, allowed.isEmpty, takeOver == nil, !takesBack { return nil }
            self.approvals = approvals
            self.allowed = allowed
            self.takeOver = takeOver
            self.takesBack = takesBack ? true : nil
        }
    }
}
