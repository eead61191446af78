public import FleetModel

/// The least that a playbook's user must be permitted, as RBAC objects to apply.
public struct RoleReport: Report {
    /// Whom the roles are given to.
    public enum Subject: Hashable, Sendable {
        case user(String)
        case group(String)
        case serviceAccount(ObjectKey)
    }

    /// A List of `rbac.authorization.k8s.io/v1` objects.
    public let document: AccessObjects
    private let playbook: String

    /// The roles for everything that is asked; bindings too where subjects are given.
    public init(_ questions: [AccessQuestion], playbook: String, subjects: [Subject] = []) {
        self.playbook = playbook
        let name = "fleet-\(playbook)"
        let places = Dictionary(grouping: Set(questions), by: \.namespace).sorted { $0.key < $1.key }
        var items = places.map { namespace, questions in
            AccessObjects.Item(
                kind: namespace.isEmpty ? "ClusterRole" : "Role", name: name, namespace: namespace,
                rules: AccessObjects.Rule.all(of: questions))
        }
        if !subjects.isEmpty { items += items.map { $0.binding(to: subjects) } }
        document = AccessObjects(items: items)
    }

    /// The objects as YAML documents, ready for kubectl apply.
    public func text(_ style: TextStyle) -> String {
        let head = style(
            .faint, "# The least that the user of playbook \(playbook) must be permitted; for kubectl apply -f -")
        return head + "\n" + document.items.map(\.yaml).joined(separator: "\n---\n")
    }
}

/// RBAC objects in Kubernetes' own form.
public struct AccessObjects: Encodable, Sendable {
    let apiVersion = "v1"
    let kind = "List"
    /// The objects.
    public let items: [Item]

    /// One rule: verbs on resources of one group, perhaps of named objects only.
    public struct Rule: Encodable, Hashable, Sendable {
        /// The groups; the core group is empty.
        public var apiGroups: [String]
        /// The plurals, with their subresources.
        public var resources: [String]
        /// The names; nil for all objects.
        public var resourceNames: [String]?
        /// The verbs.
        public var verbs: [String]

        /// The rules that permit some requests and no others; resources with the same verbs stand together.
        static func all(of questions: [AccessQuestion]) -> [Rule] {
            struct Place: Hashable { var group: String, name: String, resource: String }
            struct Kind: Hashable { var group: String, name: String, verbs: [String] }
            let verbs = Dictionary(grouping: questions) { question in
                let suffix = question.subresource.isEmpty ? "" : "/\(question.subresource)"
                return Place(group: question.group, name: question.name, resource: question.resource + suffix)
            }.mapValues { Set($0.map(\.verb)).sorted() }
            let kinds = Dictionary(grouping: verbs.keys) { place in
                Kind(group: place.group, name: place.name, verbs: verbs[place] ?? [])
            }
            let sorted = kinds.sorted { left, right in
                (left.key.group, left.key.name, left.key.verbs.joined())
                    < (right.key.group, right.key.name, right.key.verbs.joined())
            }
            return sorted.map { kind, places in
                Rule(
                    apiGroups: [kind.group], resources: places.map(\.resource).sorted(),
                    resourceNames: kind.name.isEmpty ? nil : [kind.name], verbs: kind.verbs)
            }
        }

        fileprivate var yaml: String {
            let list = { (words: [String]) in "[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]" }
            var lines = ["  - apiGroups: \(list(apiGroups))", "    resources: \(list(resources))"]
            if let resourceNames { lines.append("    resourceNames: \(list(resourceNames))") }
            return (lines + ["    verbs: \(list(verbs))"]).joined(separator: "\n")
        }
    }

    /// A role, or the binding of one.
    public struct Item: Encodable, Sendable {
        let apiVersion = "rbac.authorization.k8s.io/v1"
        /// `ClusterRole`, `Role`, `ClusterRoleBinding` or `RoleBinding`.
        public let kind: String
        let metadata: [String: String]
        /// The rules of a role.
        public let rules: [Rule]?
        let roleRef: [String: String]?
        let subjects: [[String: String]]?

        init(kind: String, name: String, namespace: String, rules: [Rule]) {
            self.kind = kind
            metadata = namespace.isEmpty ? ["name": name] : ["name": name, "namespace": namespace]
            self.rules = rules
            roleRef = nil
            subjects = nil
        }

        private init(binding role: Item, subjects: [[String: String]]) {
            kind = role.kind + "Binding"
            metadata = role.metadata
            rules = nil
            roleRef = [
                "apiGroup": "rbac.authorization.k8s.io", "kind": role.kind, "name": role.metadata["name"] ?? "",
            ]
            self.subjects = subjects
        }

        /// The namespace; empty for objects of the cluster.
        public var namespace: String { metadata["namespace"] ?? "" }

        func binding(to subjects: [RoleReport.Subject]) -> Item {
            Item(binding: self, subjects: subjects.map(\.reference))
        }

        fileprivate var yaml: String {
            var lines = [
                "apiVersion: \(apiVersion)", "kind: \(kind)", "metadata:", "  name: \(metadata["name"] ?? "")",
            ]
            if !namespace.isEmpty { lines.append("  namespace: \(namespace)") }
            if let rules { lines += ["rules:"] + rules.map(\.yaml) }
            if let roleRef {
                lines += ["roleRef:"] + roleRef.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
            }
            if let subjects {
                lines.append("subjects:")
                for subject in subjects {
                    let fields = subject.sorted { $0.key < $1.key }.map { "\($0.key): \"\($0.value)\"" }
                    lines.append("  - {" + fields.joined(separator: ", ") + "}")
                }
            }
            return lines.joined(separator: "\n")
        }
    }
}

extension RoleReport.Subject {
    fileprivate var reference: [String: String] {
        let group = "rbac.authorization.k8s.io"
        return switch self {
        case .user(let name): ["kind": "User", "apiGroup": group, "name": name]
        case .group(let name): ["kind": "Group", "apiGroup": group, "name": name]
        case .serviceAccount(let key):
            ["kind": "ServiceAccount", "name": key.name, "namespace": key.namespace]
        }
    }
}
