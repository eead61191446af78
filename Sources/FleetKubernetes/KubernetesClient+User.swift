import FleetModel
import FleetWire

extension KubernetesClient {
    /// What the cluster calls whoever asks, as its audit log does (SelfSubjectReview, Kubernetes 1.28).
    ///
    /// Only the name is taken. Nil where the server does not tell, for whatever reason: nothing depends on it, so it is
    /// asked once.
    public func userName() async -> String? {
        let request = APIRequest(
            .post, "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            body: ["apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"])
        let answer = try? await transport.send(request, subject: "ask what the cluster calls this user")
        return answer.flatMap { try? JSONValue(parsing: $0) }?["status"]["userInfo"]["username"].string.flatMap {
            $0.isEmpty ? nil : $0
        }
    }
}
