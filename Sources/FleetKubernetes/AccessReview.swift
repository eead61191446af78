public import FleetModel
import FleetWire

extension KubernetesClient {
    /// Those of some questions that are answered with no; what the API does not answer is not among them.
    ///
    /// One SelfSubjectRulesReview answers all questions of a place where it is complete; each no is then asked about by
    /// itself, since only a SelfSubjectAccessReview has all authorisers' word.
    public func refused(_ questions: Set<AccessQuestion>) async -> [AccessQuestion] {
        await withTaskGroup(of: [AccessQuestion].self) { group in
            for (namespace, asked) in Dictionary(grouping: questions, by: \.namespace) {
                group.addTask {
                    var open = asked
                    if asked.count > 1, let rules = try? await rules(in: namespace) {
                        open = asked.filter { question in !rules.contains { $0.permits(question) } }
                    }
                    return await askedOneByOne(open)
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func askedOneByOne(_ questions: [AccessQuestion]) async -> [AccessQuestion] {
        await withTaskGroup(of: AccessQuestion?.self) { group in
            for question in questions {
                group.addTask {
                    guard let answer = try? await isAllowed(question) else { return nil }
                    return answer.allowed ? nil : question
                }
            }
            return await group.reduce(into: []) { if let question = $1 { $0.append(question) } }
        }
    }

    /// What the user may do in a namespace; in an empty one, what they may do in all of them.
    ///
    /// Nil where the answer is not whole.
    func rules(in namespace: String) async throws(ClusterFailure) -> [AccessRule]? {
        // The rules of a place that nobody has a role in are those that hold everywhere.
        let place = namespace.isEmpty ? Self.placeWithoutRoles : namespace
        let request = APIRequest(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            body: [
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
                "spec": ["namespace": .string(place)],
            ])
        let status = try await read(request, subject: "ask what fleet may do")["status"]
        guard status["incomplete"].bool == false else { return nil }
        return status["resourceRules"].elements.map(AccessRule.init)
    }

    /// No namespace has such a name: a label of DNS begins with a letter or a digit.
    private static let placeWithoutRoles = "-fleet-"

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
