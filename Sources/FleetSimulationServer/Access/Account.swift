import FleetWire

/// Somebody who may talk to the simulated API.
public struct Account: Sendable {
    /// A set of requests, as an RBAC rule names them; `*` stands for all.
    public struct Rule: Hashable, Sendable {
        /// Such as `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
        public var verbs: Set<String>
        /// Such as `nodes` or `pods/eviction`.
        public var resources: Set<String>
        /// The API groups, of which the core group is empty; nil for all.
        public var groups: Set<String>?
        /// The only namespace in which it holds, as a Role's; nil for the whole cluster, as a ClusterRole's.
        public var namespace: String?
        /// The objects' names; nil for all.
        ///
        /// As in RBAC, a request that names no object is for none of them.
        public var names: Set<String>?

        /// A rule.
        public init(
            verbs: Set<String>, resources: Set<String>, groups: Set<String>? = nil, namespace: String? = nil,
            names: Set<String>? = nil
        ) {
            self.verbs = verbs
            self.resources = resources
            self.groups = groups
            self.namespace = namespace
            self.names = names
        }

        /// Whether it is about a request.
        public func covers(_ request: Request) -> Bool {
            (verbs.contains(request.verb) || verbs.contains("*"))
                && (resources.contains(request.resource) || resources.contains("*"))
                && (groups?.contains(request.group) ?? true)
                && (namespace.map { $0 == request.namespace } ?? true)
                && (names?.contains(request.name) ?? true)
        }
    }

    /// What is asked of the API, as its authorisation sees it.
    public struct Request: Hashable, Sendable {
        /// Such as `patch`.
        public var verb: String
        /// The API group; empty for the core group.
        public var group: String
        /// Such as `nodes` or `pods/eviction`.
        public var resource: String
        /// The namespace; empty for objects of the cluster, and for all namespaces at once.
        public var namespace: String
        /// The object's name; empty where none is named.
        public var name: String

        /// A request.
        public init(verb: String, group: String = "", resource: String, namespace: String = "", name: String = "") {
            self.verb = verb
            self.group = group
            self.resource = resource
            self.namespace = namespace
            self.name = name
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

    /// Whether a request is permitted.
    func permits(_ request: Request) -> Bool {
        allowed.contains { $0.covers(request) } && !denied.contains { $0.covers(request) }
    }

    /// The status of a SelfSubjectRulesReview: what is allowed in a namespace, by roles there and everywhere.
    ///
    /// Rules cannot say what is refused all the same; who is refused something gets an incomplete answer.
    func rules(in namespace: String) throws(APIFailure) -> JSONValue {
        guard !namespace.isEmpty else { throw .badRequest("no namespace on request") }
        let rules = allowed.filter { $0.namespace == nil || $0.namespace == namespace }.map { rule in
            var json: JSONValue = [
                "verbs": .strings(rule.verbs.sorted()), "apiGroups": .strings(rule.groups?.sorted() ?? ["*"]),
                "resources": .strings(rule.resources.sorted()),
            ]
            if let names = rule.names { json["resourceNames"] = .strings(names.sorted()) }
            return json
        }
        return [
            "resourceRules": .array(rules), "nonResourceRules": .array([]), "incomplete": .bool(!denied.isEmpty),
        ]
    }

    /// Somebody without credentials.
    static let anonymous = Account(user: "system:anonymous", groups: ["system:unauthenticated"], token: "", allowed: [])
}
