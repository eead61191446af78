public import FleetModel
import FleetWire

extension KubernetesClient {
    /// Whether the user may do it, and the authoriser's reason where it gives one (SelfSubjectAccessReview).
    public func isAllowed(_ question: AccessQuestion) async throws(ClusterFailure) -> (allowed: Bool, reason: String) {
        var attributes: JSONValue = ["verb": .string(question.verb), "resource": .string(question.resource)]
        if !question.group.isEmpty { attributes["group"] = .string(question.group) }
        if !question.subresource.isEmpty { attributes["subresource"] = .string(question.subresource) }
        if !question.namespace.isEmpty { attributes["namespace"] = .string(question.namespace) }
        if !question.name.isEmpty { attributes["name"] = .string(question.name) }
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
