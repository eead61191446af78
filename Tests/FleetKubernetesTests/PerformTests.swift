import FleetKubernetes
import FleetModel
import FleetWire
import Testing

@Suite(.serialized) struct PerformTests {
    private let pod = PodReference(ObjectKey("shop", "web-0"), uid: "u1")
    private let eviction = "POST /api/v1/namespaces/shop/pods/web-0/eviction"
    private let node = "/api/v1/nodes/n1"
    private let success = Script.json(201, Status(isSuccess: true, code: 201).json)

    private func failure(_ outcome: ClusterOutcome) -> ClusterFailure? {
        guard case .failed(let failure) = outcome else { return nil }
        return failure
    }

    @Test func anEvictionCarriesItsPrecondition() async throws {
        let api = FakeAPI()
        api.on(eviction, success)
        try await withAPI(api) { client, server in
            #expect(await client.perform(.evict(pod, gracePeriodSeconds: nil)) == .succeeded)
            let request = try #require(server.requests.last)
            #expect(request.json["deleteOptions"]["preconditions"]["uid"] == "u1")
            #expect(request.headers["content-type"] == "application/json")
            #expect(request.query("dryRun") == nil)
        }
    }

    @Test func dryRunStandsInTheQuery() async throws {
        var options = ClientOptions.quick
        options.isDryRun = true
        let api = FakeAPI()
        api.on(eviction, success)
        try await withAPI(api, options: options) { client, server in
            #expect(await client.perform(.evict(pod, gracePeriodSeconds: 5)) == .succeeded)
            #expect(server.requests.last?.query("dryRun") == "All")
        }
    }

    @Test(arguments: [
        ("is still being processed by the server.", ClusterFailure.Code.budgetNotObserved),
        ("needs 2 healthy pods and has 2 currently", .budgetExhausted),
    ])
    func aBudgetsRefusalIsNotRepeated(words: String, code: ClusterFailure.Code) async throws {
        let api = FakeAPI()
        let cause = Status.Cause(reason: "DisruptionBudget", message: "The disruption budget web \(words)")
        api.on(
            eviction,
            .status(
                429, "TooManyRequests", "Cannot evict pod.", Status.Details(causes: [cause]),
                headers: ["Retry-After": "10"]))
        try await withAPI(api) { client, server in
            let failure = try #require(failure(await client.perform(.evict(pod, gracePeriodSeconds: nil))))
            #expect(failure.code == code)
            #expect(failure.retryAfterSeconds == 10)
            #expect(failure.description == "evict shop/web-0: Cannot evict pod. The disruption budget web \(words)")
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [
        Script.text(429, "Too many requests, please try again later.", ["Retry-After": "1"]),
        .status(429, "TooManyRequests", "storage is (re)initializing", headers: ["Retry-After": "1"]),
    ])
    func throttlingIsRepeatedAfterTheTimeAskedFor(answer: Script) async throws {
        let api = FakeAPI()
        api.on(eviction, answer, success)
        let start = ContinuousClock.now
        try await withAPI(api) { client, server in
            #expect(await client.perform(.evict(pod, gracePeriodSeconds: nil)) == .succeeded)
            #expect(server.requests.count == 2)
        }
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test func throttlingIsRepeatedOnlySoOften() async throws {
        var options = ClientOptions.quick
        options.retries = 2
        let api = FakeAPI()
        api.on(eviction, .text(429, "Too many requests"))
        try await withAPI(api, options: options) { client, server in
            #expect(failure(await client.perform(.evict(pod, gracePeriodSeconds: nil)))?.code == .throttled)
            #expect(server.requests.count == 3)
        }
    }

    @Test(
        arguments: [
            ("a lost answer", [.abort], ClusterFailure.Code.connectionLost),
            ("half an answer", [.head(201, ["Content-Length": "100"]), .chunk("{"), .abort], .connectionLost),
            ("a 504", .status(504, "Timeout", "the write may land"), .timedOut),
            ("a 500", .status(500, "InternalError", "etcd"), .serverError),
            ("silence", [.hang], .timedOut),
        ] as [(String, Script, ClusterFailure.Code)])
    func whatMayHaveLandedIsNotRepeated(name: String, answer: Script, code: ClusterFailure.Code) async throws {
        var options = ClientOptions.quick
        if name == "silence" { options.writeTimeout = .seconds(3) }
        let api = FakeAPI()
        api.on(eviction, answer)
        try await withAPI(api, options: options) { client, server in
            #expect(failure(await client.perform(.evict(pod, gracePeriodSeconds: nil)))?.code == code, "\(name)")
            #expect(server.requests.count == 1)
        }
    }

    @Test func aRefusedConnectionNamesTheAddressAndTheReason() async throws {
        let connection = try ClusterConnection(server: "http://127.0.0.1:1")
        try await KubernetesClient.withClient(connection: connection, options: .quick) { client in
            let failure = try #require(failure(await client.perform(.evict(pod, gracePeriodSeconds: nil))))
            #expect(failure.code == .unreachable)
            #expect(
                failure.description
                    == "evict shop/web-0: cannot reach the API server at http://127.0.0.1:1: Connection refused")
        }
    }

    @Test func taintsAreReadAndWrittenBackUnderTheirVersion() async throws {
        let other: JSONValue = ["key": "other", "effect": "NoSchedule", "timeAdded": "2026-01-01T00:00:00Z"]
        let api = FakeAPI()
        api.on(
            "GET \(node)", .json(FakeAPI.node("n1", version: 7)), .json(FakeAPI.node("n1", version: 8, taints: [other]))
        )
        api.on(
            "PATCH \(node)", .status(409, "Conflict", "the object has been modified"),
            .json(FakeAPI.node("n1", version: 9)))
        try await withAPI(api) { client, server in
            let patch = NodePatch(addTaints: [Taint(key: "fleet", effect: .preferNoSchedule)])
            #expect(await client.perform(.patchNode("n1", uid: "uid-n1", patch)) == .succeeded)
            #expect(server.requests.map(\.method) == ["GET", "PATCH", "GET", "PATCH"])
            let body = try #require(server.requests.last).json
            #expect(body["metadata"]["resourceVersion"] == "8")
            #expect(body["spec"]["taints"] == [other, ["key": "fleet", "effect": "PreferNoSchedule"]])
        }
    }

    @Test func aNodeMadeAnewIsNotTouched() async throws {
        let api = FakeAPI()
        api.on("GET \(node)", .json(FakeAPI.node("n1", version: 7)))
        try await withAPI(api) { client, server in
            let patch = NodePatch(removeTaints: [Taint(key: "fleet", effect: .noSchedule)])
            #expect(failure(await client.perform(.patchNode("n1", uid: "another", patch)))?.code == .replaced)
            #expect(server.requests.map(\.method) == ["GET"])
        }
    }

    @Test func aCordonIsOneRequest() async throws {
        let api = FakeAPI()
        api.on("PATCH \(node)", .json(FakeAPI.node("n1", version: 8)))
        try await withAPI(api) { client, server in
            let request = ClusterRequest.patchNode("n1", uid: "uid-n1", NodePatch(isCordoned: true))
            #expect(await client.perform(request) == .succeeded)
            #expect(server.requests.map(\.method) == ["PATCH"])
            #expect(server.requests.last?.headers["content-type"] == "application/merge-patch+json")
            #expect(server.requests.last?.json == ["metadata": ["uid": "uid-n1"], "spec": ["unschedulable": true]])
        }
    }

    @Test func scaleAndMinimum() async throws {
        let api = FakeAPI()
        api.on("PATCH /apis/apps/v1/namespaces/shop/deployments/cart", .json(["kind": "Deployment"]))
        api.on(
            "PATCH /apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/cart",
            .json(["kind": "HorizontalPodAutoscaler"]))
        try await withAPI(api) { client, server in
            let cart = WorkloadReference(kind: .deployment, key: ObjectKey("shop", "cart"), uid: "u")
            #expect(await client.perform(.scale(cart, replicas: 2, annotations: ["a": "b"])) == .succeeded)
            #expect(server.requests.last?.json["metadata"]["annotations"] == ["a": "b"])
            #expect(await client.perform(.setMinimumReplicas(cart.key, minReplicas: 2, annotations: [:])) == .succeeded)
            let job = WorkloadReference(kind: .job, key: ObjectKey("shop", "j"), uid: "u")
            #expect(failure(await client.perform(.scale(job, replicas: 2, annotations: [:])))?.code == .invalid)
        }
    }

    @Test func undoingCarriesTheVersionThatWasLookedAt() async throws {
        let api = FakeAPI()
        let path = "PATCH /apis/apps/v1/namespaces/shop/deployments/cart"
        api.on(path, .status(409, "Conflict", "the object has been modified"))
        try await withAPI(api) { client, server in
            let cart = WorkloadReference(kind: .deployment, key: ObjectKey("shop", "cart"), uid: "u")
            let undo = ClusterRequest.ifUnchanged(since: "41", .scale(cart, replicas: 1, annotations: ["a": nil]))
            #expect(failure(await client.perform(undo))?.code == .conflict)
            #expect(server.requests.map(\.method) == ["PATCH"])
            #expect(server.requests.last?.json["metadata"]["resourceVersion"] == "41")
            #expect(server.requests.last?.json["metadata"]["uid"] == "u")
        }
    }

    @Test func deletionsCarryTheirPrecondition() async throws {
        let api = FakeAPI()
        api.on("DELETE \(node)", .json(Status(isSuccess: true, code: 200).json))
        api.on("DELETE /api/v1/namespaces/shop/pods/web-0", .json(FakeAPI.pod("web-0", version: 3)))
        try await withAPI(api) { client, server in
            #expect(await client.perform(.deleteNode("n1", uid: "uid-n1")) == .succeeded)
            #expect(server.requests.last?.json["preconditions"]["uid"] == "uid-n1")
            #expect(await client.perform(.deletePod(pod, gracePeriodSeconds: 30)) == .succeeded)
            #expect(server.requests.last?.json["gracePeriodSeconds"] == 30)
        }
    }
}
