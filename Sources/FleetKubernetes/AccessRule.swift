import FleetModel
import FleetWire

/// One rule of what a user may do, as a SelfSubjectRulesReview states it; `*` stands for all.
struct AccessRule: Hashable, Sendable {
    var verbs: Set<String>
    var groups: Set<String>
    /// Such as `pods`, `pods/eviction` or `*/scale`.
    var resources: Set<String>
    /// The objects' names; empty for all.
    var names: Set<String>

    init(_ json: JSONValue) {
        func texts(_ key: String) -> Set<String> { Set(json[key].elements.compactMap(\.string)) }
        verbs = texts("verbs")
        groups = texts("apiGroups")
        resources = texts("resources")
        names = texts("resourceNames")
    }

    /// Whether it permits something, by RBAC's own reading (`pkg/apis/rbac/v1/evaluation_helpers.go`).
    func permits(_ question: AccessQuestion) -> Bool {
        verbs.contains(oneOf: question.verb) && groups.contains(oneOf: question.group) && covers(question)
            && (names.isEmpty || names.contains(question.name))
    }

    private func covers(_ question: AccessQuestion) -> Bool {
        guard !question.subresource.isEmpty else { return resources.contains(oneOf: question.resource) }
        return resources.contains(oneOf: "\(question.resource)/\(question.subresource)")
            || resources.contains("*/\(question.subresource)")
    }
}

extension Set<String> {
    fileprivate func contains(oneOf text: String) -> Bool { contains(text) || contains("*") }
}
