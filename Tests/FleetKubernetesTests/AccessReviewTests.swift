import FleetKubernetes
import FleetModel
import FleetWire
import Testing

/// What the user may do: one question for a place, single ones where that does not suffice.
@Suite(.serialized) struct AccessReviewTests {
    private let single = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    private let rules = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"

    private func answer(_ rules: [JSONValue], isIncomplete: Bool = false) -> Script {
        .json(201, ["status": ["resourceRules": .array(rules), "incomplete": .bool(isIncomplete)]])
    }

    private func rule(
        _ verbs: [String], _ groups: [String], _ resources: [String], names: [String]? = nil
    ) -> JSONValue {
        func list(_ words: [String]) -> JSONValue { .array(words.map { .string($0) }) }
        var json: JSONValue = ["verbs": list(verbs), "apiGroups": list(groups), "resources": list(resources)]
        if let names { json["resourceNames"] = list(names) }
        return json
    }

    @Test func oneQuestion() async throws {
        let api = FakeAPI()
        api.on("POST \(single)", .json(201, ["status": ["allowed": false, "reason": "no rule"]]))
        try await withAPI(api) { client, server in
            let answer = try await client.isAllowed(AccessQuestion("create", "pods", subresource: "eviction"))
            #expect(!answer.allowed && answer.reason == "no rule")
            #expect(
                server.requests.last?.json["spec"]["resourceAttributes"]
                    == ["verb": "create", "resource": "pods", "subresource": "eviction"])
        }
    }

    private static let questions: Set = [
        AccessQuestion("patch", "nodes"), AccessQuestion("create", "pods", subresource: "eviction"),
        AccessQuestion("patch", "deployments", group: "apps", subresource: "scale"),
    ]

    @Test("one request for all questions of a place where its answer is whole and says yes")
    func whole() async throws {
        let api = FakeAPI()
        api.on(
            "POST \(rules)",
            answer([
                rule(["get", "patch"], [""], ["pods", "nodes"]), rule(["*"], [""], ["pods/eviction"]),
                rule(["patch"], ["apps"], ["*/scale"]),
            ]))
        try await withAPI(api) { client, server in
            #expect(await client.refused(Self.questions) == [])
            #expect(server.requests.map(\.path) == [rules])
            let place = server.requests.first?.json["spec"]["namespace"].string ?? ""
            #expect(place.hasPrefix("-"), "what holds in no namespace holds in all: \(place)")
        }
    }

    @Test(
        "what no rule permits is asked about by itself: only that has all authorisers' word",
        arguments: [
            ("no rule", [[JSONValue]]()), ("another group", [["patch"], ["apps"], ["nodes"]]),
            ("another verb", [["get"], [""], ["nodes"]]), ("a subresource", [["patch"], [""], ["nodes/status"]]),
            ("another object", [["patch"], [""], ["nodes"], ["web-1"]]),
        ] as [(String, [[JSONValue]])])
    func uncovered(name: String, parts: [[JSONValue]]) async throws {
        let keys = ["verbs", "apiGroups", "resources", "resourceNames"]
        let found = JSONValue.object(JSONObject(zip(keys, parts).map { ($0, .array($1)) }))
        for isAllowed in [true, false] {
            let api = FakeAPI()
            api.on(
                "POST \(rules)",
                answer([found, rule(["create"], ["*"], ["*"]), rule(["patch"], ["apps"], ["deployments/scale"])]))
            api.on("POST \(single)", .json(201, ["status": ["allowed": .bool(isAllowed)]]))
            try await withAPI(api) { client, server in
                let refused = await client.refused(Self.questions)
                #expect(refused == (isAllowed ? [] : [AccessQuestion("patch", "nodes")]), "\(name)")
                #expect(server.requests.map(\.path) == [rules, single], "\(name)")
            }
        }
    }

    @Test(
        "an answer that is not whole, or none, settles nothing: each question is asked",
        arguments: [true, false])
    func notWhole(isIncomplete: Bool) async throws {
        let api = FakeAPI()
        api.on(
            "POST \(rules)",
            isIncomplete ? answer([rule(["*"], ["*"], ["*"])], isIncomplete: true) : .status(403, "Forbidden", "no"))
        api.on("POST \(single)", .json(201, ["status": ["allowed": false]]))
        try await withAPI(api) { client, server in
            #expect(Set(await client.refused(Self.questions)) == Self.questions)
            #expect(server.requests.count { $0.path == single } == 3)
        }
    }

    @Test(
        "what the cluster calls the user is its own word; a server that has none tells nothing, and nothing fails",
        arguments: [
            (Script.json(201, ["status": ["userInfo": ["username": "oidc:alice", "groups": ["ops"]]]]), "oidc:alice"),
            (.json(201, ["status": ["userInfo": ["username": ""]]]), nil),
            (.json(201, ["status": ["allowed": false]]), nil),
            (.status(404, "NotFound", "the server could not find the requested resource"), nil),
            (.status(403, "Forbidden", "no"), nil),
        ] as [(Script, String?)])
    func userName(answer: Script, name: String?) async throws {
        let api = FakeAPI()
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        api.on("POST \(path)", answer)
        try await withAPI(api) { client, server in
            #expect(await client.userName() == name)
            #expect(server.requests.map(\.path) == [path])
            #expect(
                server.requests.first?.json
                    == ["apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"])
        }
    }

    @Test("each namespace is a place of its own; a single question is asked as such")
    func places() async throws {
        let api = FakeAPI()
        api.on("POST \(rules)", answer([rule(["*"], ["*"], ["*"])]))
        api.on("POST \(single)", .json(201, ["status": ["allowed": true]]))
        let tokens = Set(
            ["create", "delete"].map { AccessQuestion($0, "secrets", namespace: "kube-system") }
                + [AccessQuestion("get", "configmaps", namespace: "kube-public", name: "cluster-info")])
        try await withAPI(api) { client, server in
            #expect(await client.refused(tokens.union(Self.questions)) == [])
            let asked = server.requests.filter { $0.path == rules }.map { $0.json["spec"]["namespace"].string ?? "" }
            #expect(asked.count == 2 && asked.contains("kube-system"))
            #expect(server.requests.count { $0.path == single } == 1)
        }
    }
}
