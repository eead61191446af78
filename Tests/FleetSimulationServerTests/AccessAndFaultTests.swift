import FleetModel
import FleetSimulation
import FleetWire
import Testing

@testable import FleetSimulationServer

@Suite struct AccessAndFaultTests {
    private let eviction: JSONValue = ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "a"]]
    private let path = "/api/v1/namespaces/shop/pods/a/eviction"

    private func world() async throws -> SimulatedWorld {
        let world = SimulatedWorld(nodes: 3)
        try await world.makeNamespace("shop")
        try await world.makePod("a", in: "shop")
        return world
    }

    @Test func aDeniedVerbIsAnsweredInRBACsWords() async throws {
        let world = try await world()
        await world.api.add(
            Account(
                user: "jane", token: "jane-token",
                denied: [Account.Rule(verbs: ["create"], resources: ["pods/eviction"])]))
        let answer = try #require(await world.send("POST", path, eviction, token: "jane-token"))
        guard case .json(let status) = answer.body else { return }
        #expect(answer.code == 403)
        #expect(
            status["message"].string
                == "pods \"a\" is forbidden: User \"jane\" cannot create resource \"pods/eviction\" in API group \"\" in the "
                + "namespace \"shop\"")
        #expect(status["details"]["causes"].isNull)
        let listed = await world.send("GET", "/api/v1/nodes", token: "jane-token")
        #expect(listed?.code == 200)
    }

    /// The vector of Kubernetes' own test (`~/staging/src/k8s.io/cluster-bootstrap/token/jws/jws_test.go`).
    @Test func theBootstrapSignerSignsAsKubernetesDoes() {
        let content = "Hello from the other side. I must have called a thousand times."
        #expect(
            BootstrapSigner.signature(of: content, id: "joshua", secret: "my voice is my passcode")
                == "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8")
        let info: JSONValue = ["data": ["kubeconfig": "x", "jws-kubeconfig-gone12": "h..s"]]
        func secret(_ signing: String) -> JSONValue {
            [
                "type": "bootstrap.kubernetes.io/token",
                "data": [
                    "token-id": "YWJjZGVm", "token-secret": "MDEyMzQ1Njc4OWFiY2RlZg==",
                    "usage-bootstrap-signing": .string(signing),
                ],
            ]
        }
        let signed = BootstrapSigner.signed(info, by: [secret("dHJ1ZQ==")])["data"].strings
        #expect(signed.keys.sorted() == ["jws-kubeconfig-abcdef", "kubeconfig"])
        #expect(BootstrapSigner.signed(info, by: [secret("ZmFsc2U=")])["data"].strings == ["kubeconfig": "x"])
    }

    @Test(
        "a rules review tells what holds in a namespace, and that it is not the whole truth for who is refused something"
    )
    func rulesReview() async throws {
        let world = try await world()
        let here = Account.Rule(verbs: ["create"], resources: ["pods/eviction"], groups: [""], namespace: "shop")
        let everywhere = Account.Rule(verbs: ["patch"], resources: ["nodes"], groups: [""], names: ["n1"])
        let asking = Account.Rule(
            verbs: ["create"], resources: ["selfsubjectrulesreviews"], groups: ["authorization.k8s.io"])
        await world.api.add(Account(user: "jane", token: "jane", allowed: [here, everywhere, asking]))
        await world.api.add(
            Account(user: "joe", token: "joe", denied: [Account.Rule(verbs: ["patch"], resources: ["nodes"])]))
        func status(_ token: String, _ namespace: String) async throws -> JSONValue {
            let review: JSONValue = [
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
                "spec": ["namespace": .string(namespace)],
            ]
            let answer = try #require(
                await world.send("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review, token: token))
            guard case .json(let json) = answer.body else { return .null }
            return answer.code == 201 ? json["status"] : json
        }
        let node: JSONValue = ["verbs": ["patch"], "apiGroups": [""], "resources": ["nodes"], "resourceNames": ["n1"]]
        let review: JSONValue = [
            "verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectrulesreviews"],
        ]
        let shop = try await status("jane", "shop")
        #expect(
            shop["resourceRules"].elements
                == [["verbs": ["create"], "apiGroups": [""], "resources": ["pods/eviction"]], node, review])
        #expect(shop["incomplete"] == false)
        #expect(try await status("jane", "-no-namespace-")["resourceRules"].elements == [node, review])
        #expect(try await status("joe", "shop")["incomplete"] == true)
        #expect(try await status("jane", "")["message"].string == "no namespace on request")
    }

    @Test func aBasePathCarriesTheToken() async throws {
        let world = try await world()
        let answer = await world.send("GET", "/as/admin-token/api/v1/nodes?limit=1", token: nil)
        #expect(answer?.code == 200)
        let wrong = await world.send("GET", "/as/guess/api/v1/nodes", token: nil)
        #expect(wrong?.code == 401)
    }

    @Test func throttlingIsPlainText() async throws {
        let world = try await world()
        await world.api.inject(WireFault(.throttled(retryAfterSeconds: 3), resource: "pods/eviction"))
        let answer = try #require(await world.send("POST", path, eviction))
        #expect(answer.code == 429)
        #expect(answer.contentType == "text/plain; charset=utf-8")
        #expect(answer.headers.contains { $0.name == "Retry-After" && $0.value == "3" })
        guard case .text(let text) = answer.body else {
            Issue.record("\(answer.body)")
            return
        }
        #expect(text == "Too many requests, please try again later.\n")
        try await world.json("POST", path, eviction, code: 201)
    }

    @Test(arguments: [true, false])
    func aTimedOutWriteMayHaveLanded(lands: Bool) async throws {
        let world = try await world()
        await world.api.inject(WireFault(.timedOut(lands: lands), resource: "pods/eviction"))
        let answer = try await world.json("POST", path, eviction, code: 504)
        #expect(answer["reason"] == "Timeout")
        let pod = await world.api.registry.simulation.pod(ObjectKey("shop", "a"))
        #expect((pod?.isTerminating ?? true) == lands)
    }

    @Test(arguments: [true, false])
    func aCutConnectionMayHaveLanded(lands: Bool) async throws {
        let world = try await world()
        await world.api.inject(WireFault(.cut(lands: lands), resource: "pods/eviction"))
        let answer = await world.send("POST", path, eviction)
        #expect(answer == nil)
        let pod = await world.api.registry.simulation.pod(ObjectKey("shop", "a"))
        #expect((pod?.isTerminating ?? true) == lands)
    }

    @Test func faultsOfTheClusterReachTheWire() async throws {
        let world = try await world()
        let pattern = RequestPattern(.evict, key: ObjectKey("shop", "a"))
        await world.api.perform(.fault(.answer(pattern, .budgetNotObserved, count: 1)))
        let answer = try #require(await world.send("POST", path, eviction))
        guard case .json(let status) = answer.body else { return }
        #expect(answer.code == 429)
        #expect(answer.headers.contains { $0.name == "Retry-After" && $0.value == "10" })
        #expect(status["details"]["retryAfterSeconds"] == 10)
        #expect(status["details"]["causes"][0]["reason"] == "DisruptionBudget")
    }

    @Test func requestsAreCounted() async throws {
        let world = try await world()
        try await world.makeBudget("all", for: "a", ("minAvailable", 1), in: "shop")
        try await world.json("POST", path, eviction, code: 429)
        try await world.json("DELETE", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/all", code: 200)
        try await world.json("POST", path, eviction, code: 201)
        let audit = await world.api.audit
        #expect(audit.refusedEvictions == 1)
        #expect(audit.evictions == 1)
        #expect(audit.requests("create", "pods/eviction") == 2)
        #expect(audit.requests(by: "tests") == audit.requests())
    }

    @Test func everyAnswerShowsItsPriorityLevel() async throws {
        let world = try await world()
        let answer = try #require(await world.send("GET", "/api/v1/nodes"))
        #expect(answer.headers.contains { $0.name == "X-Kubernetes-PF-FlowSchema-UID" })
    }
}
