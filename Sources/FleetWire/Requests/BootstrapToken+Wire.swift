public import FleetModel

extension APIRequest {
    /// The creation of a bootstrap token: a Secret of kube-system that the API takes for credentials by its name and type
    /// (`~/staging/src/k8s.io/cluster-bootstrap/token/api/types.go`).
    public static func create(_ token: BootstrapToken) -> APIRequest {
        let secret = token.secret.withText { JSONValue.string($0) }
        return APIRequest(
            .post, "/api/v1/namespaces/kube-system/secrets",
            body: [
                "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
                "metadata": [
                    "name": .string(name(of: token.id)), "namespace": "kube-system",
                    "annotations": ["fleet.run/temporary": .string("run=\(token.run)")],
                ],
                "stringData": [
                    "token-id": .string(token.id), "token-secret": secret,
                    "expiration": .string(Timestamp.text(token.expiresAt)),
                    "usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true",
                    "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
                    "description": .string("a host joins by fleet, run \(token.run)"),
                ],
            ])
    }

    /// The deletion of a bootstrap token: nobody can use it any more.
    public static func deleteBootstrapToken(id: String) -> APIRequest {
        APIRequest(.delete, "/api/v1/namespaces/kube-system/secrets/\(segment(name(of: id)))")
    }

    /// What the name of a bootstrap token's Secret begins with; its public half follows.
    public static let bootstrapTokenPrefix = "bootstrap-token-"

    /// The list of all bootstrap tokens.
    public static let bootstrapTokens = APIRequest(
        .get, "/api/v1/namespaces/kube-system/secrets", query: [("fieldSelector", "type=bootstrap.kubernetes.io/token")]
    )

    private static func name(of id: String) -> String { "\(bootstrapTokenPrefix)\(id)" }
}
