/// What the API knows of a Node's health beyond what plans and runs look at.
public struct NodeHealth: Hashable, Sendable {
    /// A condition of the Node's status.
    public struct Condition: Hashable, Sendable {
        /// Such as `Ready` or `DiskPressure`.
        public var type: String
        /// `True`, `False` or `Unknown`.
        public var status: String
        /// A word such as `KubeletNotReady`.
        public var reason: String
        /// The kubelet's or the controller's sentence.
        public var message: String

        /// A condition.
        public init(type: String, status: String, reason: String = "", message: String = "") {
            self.type = type
            self.status = status
            self.reason = reason
            self.message = message
        }
    }

    /// The conditions.
    public var conditions: [Condition]
    /// The messages of warning events about the Node, newest first, each once.
    public var warnings: [String]

    /// Health; nothing known unless said.
    public init(conditions: [Condition] = [], warnings: [String] = []) {
        self.conditions = conditions
        self.warnings = warnings
    }

    /// The condition of a type.
    public func condition(_ type: String) -> Condition? { conditions.first { $0.type == type } }
}
