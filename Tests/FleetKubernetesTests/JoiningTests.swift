import FleetModel
import FleetWire
import Foundation
import Testing

@testable import FleetKubernetes

/// Bootstrap tokens, and what kubeadm publishes for hosts that join.
@Suite struct JoiningTests {
    private let collection = "/api/v1/namespaces/kube-system/secrets"
    private let token = BootstrapToken(
        id: "abcdef", secret: SecretText("0123456789abcdef"), expiresAt: Instant(seconds: 1_767_323_045), run: "r-1")

    @Test func aTokenIsASecretOfItsOwnType() async throws {
        let api = FakeAPI()
        api.on("POST \(collection)", .json(201, ["kind": "Secret"]))
        try await withAPI(api) { client, server in
            #expect(await client.perform(.createBootstrapToken(token)) == .succeeded)
            let json = try #require(server.requests.last).json
            #expect(json["type"] == "bootstrap.kubernetes.io/token")
            #expect(json["metadata"]["name"] == "bootstrap-token-abcdef")
            #expect(json["metadata"]["annotations"]["fleet.run/temporary"] == "run=r-1")
            let data = json["stringData"]
            #expect(data["token-id"] == "abcdef" && data["token-secret"] == "0123456789abcdef")
            #expect(data["expiration"] == "2026-01-02T03:04:05Z")
            #expect(data["usage-bootstrap-authentication"] == "true" && data["usage-bootstrap-signing"] == "true")
            #expect(data["auth-extra-groups"] == "system:bootstrappers:kubeadm:default-node-token")
        }
    }

    @Test func whatIsDoneAlreadyCountsAsDone() async throws {
        let api = FakeAPI()
        api.on("POST \(collection)", .status(409, "AlreadyExists", "it exists"))
        api.on("DELETE \(collection)/bootstrap-token-abcdef", .status(404, "NotFound", "it is gone"))
        try await withAPI(api) { client, _ in
            #expect(await client.perform(.createBootstrapToken(token)) == .succeeded)
            #expect(await client.perform(.deleteBootstrapToken(id: "abcdef")) == .succeeded)
        }
    }

    @Test func aSignatureIsLookedForInClusterInfo() async throws {
        let api = FakeAPI()
        api.on(
            "GET /api/v1/namespaces/kube-public/configmaps/cluster-info",
            .json(["data": ["kubeconfig": "x", "jws-kubeconfig-other1": "h..s"]]),
            .json(["data": ["kubeconfig": "x", "jws-kubeconfig-abcdef": "h..s"]]),
            .status(404, "NotFound", "no"), .status(403, "Forbidden", "not for you"))
        try await withAPI(api) { client, _ in
            func ask() async -> ClusterOutcome { await client.perform(.confirmTokenSignature(id: "abcdef")) }
            func code(_ outcome: ClusterOutcome) -> ClusterFailure.Code? {
                if case .failed(let failure) = outcome { failure.code } else { nil }
            }
            #expect(code(await ask()) == .notFound)
            #expect(await ask() == .succeeded)
            #expect(code(await ask()) == .notFound)
            #expect(code(await ask()) == .forbidden)
        }
    }

    @Test func aRefusalNamesTheTokenWithoutItsSecret() async throws {
        let api = FakeAPI()
        api.on("POST \(collection)", .status(403, "Forbidden", "secrets is forbidden"))
        try await withAPI(api) { client, _ in
            guard case .failed(let failure) = await client.perform(.createBootstrapToken(token)) else {
                Issue.record("not refused")
                return
            }
            #expect(failure.code == .forbidden)
            #expect(failure.description == "create bootstrap token abcdef: secrets is forbidden")
        }
    }

    /// A CA and the SHA-256 of its public key and of its DER, as openssl tells them.
    private static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIBgDCCASWgAwIBAgIUR3FC7uzQC5rxJvS9ocIfnpTHO0kwCgYIKoZIzj0EAwIw
        FTETMBEGA1UEAwwKa3ViZXJuZXRlczAeFw0yNjExMjMyMDU0MzBaFw0zNjExMjAy
        MDU0MzBaMBUxEzARBgNVBAMMCmt1YmVybmV0ZXMwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQSDYd8G1Dy3URIA7lHZYWAU0fPgKKQi6SlMna1LBOTUMRPqDt3CcSt
        2w/VOygex+hXn44+78HGEC+qphUIB7zeo1MwUTAdBgNVHQ4EFgQUp5mokBUVsdC0
        JJAdW6JOXoQS/gMwHwYDVR0jBBgwFoAUp5mokBUVsdC0JJAdW6JOXoQS/gMwDwYD
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA06sDexIz0hBTtJ8tquyO
        f+blvAOjkHbGQ89IpKpcIUACIQDZsNpVDPrytbLJfPEUEIUob7zZy9jIOwHYJiLD
        Y8WRRg==
        -----END CERTIFICATE-----

        """

    private func kubeconfig(server: String, authority: String) -> String {
        "apiVersion: v1\nkind: Config\nclusters:\n- name: \"\"\n  cluster:\n    server: \(server)\n    certificate-authority-data: \(authority)\n"
    }

    @Test func clusterInfoNamesServerAndPinnedKeys() async throws {
        let path = "GET /api/v1/namespaces/kube-public/configmaps/cluster-info"
        let authority = Data(Self.pem.utf8).base64EncodedString()
        let api = FakeAPI()
        api.on(
            path,
            .json(["data": ["kubeconfig": .string(kubeconfig(server: "https://10.0.0.1:6443", authority: authority))]]),
            .json(["data": ["kubeconfig": "nonsense"]]), .status(404, "NotFound", "no"))
        try await withAPI(api) { client, _ in
            let info = try await client.clusterInfo()
            #expect(
                info
                    == ClusterInfo(
                        endpoint: "10.0.0.1:6443",
                        authorityPins: ["sha256:22ad79f1b8f70eab29e7428c3a2606f20164e4cebd7e68631ea0349e3e1d1266"],
                        authorityDigests: ["b80c1e813fa5d02cb2f83ea77a807091f3c633b6bf7e126dbdec4f7c4b1a1b53"]))
            let failure = await #expect(throws: ClusterFailure.self) { try await client.clusterInfo() }
            #expect(failure?.code == .malformed)
            let none = try await client.clusterInfo()
            #expect(none == nil)
        }
    }

    @Test(arguments: [
        ("https://api.example.com", "api.example.com:443"), ("https://[fd00::1]:6443", "[fd00::1]:6443"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
    ])
    func endpoints(server: String, endpoint: String) {
        let authority = Data(Self.pem.utf8).base64EncodedString()
        #expect(ClusterInfo(kubeconfig: kubeconfig(server: server, authority: authority))?.endpoint == endpoint)
    }

    @Test func theControllerManagersMirrorPodShowsItsArguments() async throws {
        let api = FakeAPI()
        let pod: JSONValue = [
            "metadata": [
                "name": "kube-controller-manager-cp-1", "annotations": ["kubernetes.io/config.mirror": "abc"],
            ],
            "spec": [
                "containers": [
                    [
                        "name": "kube-controller-manager", "image": "registry.k8s.io/kube-controller-manager",
                        "command": ["kube-controller-manager", "--allocate-node-cidrs=true", "--profiling"],
                        "args": ["--cluster-cidr=10.244.0.0/16", "positional", "-v=2"],
                    ]
                ]
            ],
        ]
        api.on(
            "GET /api/v1/namespaces/kube-system/pods", .json(["items": [pod]]), .json(["items": []]),
            .status(403, "Forbidden", "pods is forbidden"))
        try await withAPI(api) { client, server in
            let arguments = try await client.controllerManagerArguments()
            #expect(
                arguments == ["allocate-node-cidrs": "true", "profiling": "true", "cluster-cidr": "10.244.0.0/16"])
            #expect(server.requests.last?.query("labelSelector") == "component%3Dkube-controller-manager")
            let managed = try await client.controllerManagerArguments()
            #expect(managed == nil, "a managed cluster shows none")
            let refusal = await #expect(throws: ClusterFailure.self) { try await client.controllerManagerArguments() }
            #expect(refusal?.code == .forbidden)
        }
    }

    @Test func whatKubeletsAreGivenIsReadWhereItIsThere() async throws {
        let configuration = """
            apiVersion: kubelet.config.k8s.io/v1beta1
            kind: KubeletConfiguration
            cgroupDriver: systemd
            maxPods: 250
            nodeStatusUpdateFrequency: 20s
            """
        let api = FakeAPI()
        api.on(
            "GET /api/v1/namespaces/kube-system/configmaps/kubelet-config",
            .json(["data": ["kubelet": .string(configuration)]]),
            .json(["data": ["kubelet": "nodeStatusUpdateFrequency: 0s\nmaxPods: 0\n"]]),
            .json(["data": ["kubelet": "- nonsense"]]), .status(404, "NotFound", "no"),
            .status(403, "Forbidden", "configmaps is forbidden"))
        try await withAPI(api) { client, _ in
            let whole = try await client.kubeletSettings()
            #expect(whole == KubeletSettings(statusUpdateFrequency: "20s", maxPods: 250))
            let empty = try await client.kubeletSettings()
            #expect(empty == KubeletSettings())
            for _ in 1...3 {
                let none = try await client.kubeletSettings()
                #expect(none == nil)
            }
        }
    }

    @Test func brokenCertificatesHaveNoKey() {
        let der = ClusterConnection.certificates(in: Self.pem)[0]
        #expect(SubjectPublicKey.info(of: der)?.count == 91)
        for length in [0, 1, 3, 60, 200] { #expect(SubjectPublicKey.info(of: Array(der.prefix(length))) == nil) }
        #expect(SubjectPublicKey.info(of: [0x30, 0x84, 0xff, 0xff, 0xff, 0xff]) == nil)
    }
}
