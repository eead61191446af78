public import FleetModel
import FleetWire

/// One thing that fleet may need permission for.
public struct AccessQuestion: Hashable, Sendable, CustomStringConvertible {
    /// Such as `patch`.
    public var verb: String
    /// The API group; empty for the core group.
    public var group: String
    /// The plural, such as `pods`.
    public var resource: String
    /// Such as `eviction`; empty without one.
    public var subresource: String
    /// The namespace; empty means all of them.
    public var namespace: String

    /// A question.
    public init(
        _ verb: String, _ resource: String, group: String = "", subresource: String = "", namespace: String = ""
    ) {
        self.verb = verb
        self.group = group
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
    }

    /// `create pods/eviction`, or `list deployments.apps`.
    public var description: String {
        let name = (group.isEmpty ? resource : "\(resource).\(group)") + (subresource.isEmpty ? "" : "/\(subresource)")
        return "\(verb) \(name)" + (namespace.isEmpty ? "" : " in \(namespace)")
    }
}

extension KubernetesClient {
    /// Whether the user may do it, and the authoriser's reason where it gives one (SelfSubjectAccessReview).
    public func isAllowed(_ question: AccessQuestion) async throws(ClusterFailure) -> (allowed: Bool, reason: String) {
        var attributes: JSONValue = ["verb": .string(question.verb), "resource": .string(question.resource)]
        if !question.group.isEmpty { attributes["group"] = .string(question.group) }
        if !question.subresource.isEmpty { attributes["subresource"] = .string(question.subresource) }
        if !question.namespace.isEmpty { attributes["namespace"] = .string(question.namespace) }
        let request = APIRequest(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            body: [
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                "spec": ["resourceAttributes": attributes],
            ])
        let status = try await read(request, subject: "ask whether fleet may \(question)")["status"]
        return (status["allowed"].bool ?? false, status["reason"].string ?? "")
    }
}
