/// Somebody who may talk to the simulated API.
public struct Account: Sendable {
    /// A set of requests, as an RBAC rule names them; `*` stands for all.
    public struct Rule: Hashable, Sendable {
        /// Such as `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
        public var verbs: Set<String>
        /// Such as `nodes` or `pods/eviction`.
        public var resources: Set<String>

        /// A rule.
        public init(verbs: Set<String>, resources: Set<String>) {
            self.verbs = verbs
            self.resources = resources
        }

        func covers(_ verb: String, _ resource: String) -> Bool {
            (verbs.contains(verb) || verbs.contains("*")) && (resources.contains(resource) || resources.contains("*"))
        }
    }

    /// The name in messages.
    public var user: String
    /// The groups.
    public var groups: [String]
    /// The bearer token.
    public var token: String
    /// What is allowed; empty allows nothing.
    public var allowed: [Rule]
    /// What is refused all the same.
    public var denied: [Rule]

    /// An account; everything is allowed unless told otherwise.
    public init(
        user: String, groups: [String] = ["system:authenticated"], token: String,
        allowed: [Rule] = [Rule(verbs: ["*"], resources: ["*"])], denied: [Rule] = []
    ) {
        self.user = user
        self.groups = groups
        self.token = token
        self.allowed = allowed
        self.denied = denied
    }

    /// Whether a verb on a resource (`pods`, `pods/eviction`) is permitted.
    func permits(_ verb: String, _ resource: String) -> Bool {
        allowed.contains { $0.covers(verb, resource) } && !denied.contains { $0.covers(verb, resource) }
    }

    /// Somebody without credentials.
    static let anonymous = Account(user: "system:anonymous", groups: ["system:unauthenticated"], token: "", allowed: [])
}
