import FleetKubernetes
import FleetModel
import FleetWire
import Testing

@Suite(.serialized) struct ListTests {
    private let pods = "/api/v1/pods"

    @Test func aSnapshotReadsAllPages() async throws {
        let api = FakeAPI()
        api.on(
            "GET \(pods)", .json(FakeAPI.list("Pod", version: "5", [FakeAPI.pod("a", version: 1)], next: "t/1")),
            .json(FakeAPI.list("Pod", version: "5", [FakeAPI.pod("b", version: 2)])))
        try await withAPI(api) { client, server in
            let snapshot = try await client.snapshot()
            #expect(snapshot.pods.map(\.key.name) == ["a", "b"])
            #expect(snapshot.clusterUID == "cluster-1")
            #expect(snapshot.serverVersion == "v1.36.0")
            let lists = server.requests.filter { $0.path == pods }
            #expect(lists.map { $0.query("limit") } == ["500", "500"])
            #expect(lists.map { $0.query("continue") } == [nil, "t%2F1"])
            #expect(lists.allSatisfy { $0.query("resourceVersion") == nil }, "consistent reads")
        }
    }

    @Test func aServerThatSendsItsPagesInARingIsRefused() async throws {
        let api = FakeAPI()
        let page = { FakeAPI.list("Pod", version: "5", [FakeAPI.pod("a", version: 1)], next: $0) }
        api.on("GET \(pods)", .json(page("t")), .json(page("u")), .json(page("t")), .json(page("")))
        try await withAPI(api) { client, server in
            let failure = await #expect(throws: ClusterFailure.self) { _ = try await client.snapshot() }
            #expect(failure?.code == .malformed && failure?.message.contains("again and again") == true)
            #expect(server.requests.count { $0.path == pods } == 3)
        }
    }

    @Test func anExpiredPageBeginsAnewInOnePiece() async throws {
        let api = FakeAPI()
        api.on(
            "GET \(pods)", .json(FakeAPI.list("Pod", version: "5", [FakeAPI.pod("a", version: 1)], next: "t")),
            .json(410, Status(message: "expired", reason: "Expired", code: 410, continueToken: "inconsistent").json),
            .json(FakeAPI.list("Pod", version: "9", [FakeAPI.pod("c", version: 3)])))
        try await withAPI(api) { client, server in
            let snapshot = try await client.snapshot()
            #expect(snapshot.pods.map(\.key.name) == ["c"])
            #expect(server.requests.last { $0.path == pods }?.query("limit") == nil)
        }
    }

    @Test(
        arguments: [
            ("a 500", Script.status(500, "InternalError", "etcd")), ("a lost connection", [.abort]),
            ("a throttle", .text(429, "Too many requests", ["Retry-After": "0"])),
            ("a 504", .status(504, "Timeout", "later")), ("half an answer", [.head(200, [:]), .chunk("{"), .abort]),
        ] as [(String, Script)])
    func readsAreRepeated(name: String, fault: Script) async throws {
        let api = FakeAPI()
        api.on("GET \(pods)", fault, .json(FakeAPI.list("Pod", version: "5", [FakeAPI.pod("a", version: 1)])))
        try await withAPI(api) { client, _ in
            let snapshot = try await client.snapshot()
            #expect(snapshot.pods.count == 1, "\(name)")
        }
    }

    @Test(
        arguments: [
            ("no JSON", Script.text(200, "<html>"), ClusterFailure.Code.malformed, "no JSON"),
            ("no list", .json(["kind": "Pod"]), .malformed, "a list was expected, not Pod"),
            (
                "an item without a name", .json(["kind": "PodList", "items": [["metadata": ["uid": "u"]]]]), .malformed,
                "Pod without metadata.name"
            ),
            (
                "forbidden", .status(403, "Forbidden", "pods is forbidden: User \"u\" cannot list"), .forbidden,
                "list pods: pods is forbidden"
            ),
        ] as [(String, Script, ClusterFailure.Code, String)])
    func failuresAreNamed(name: String, answer: Script, code: ClusterFailure.Code, words: String) async throws {
        let api = FakeAPI()
        api.on("GET \(pods)", answer)
        try await withAPI(api) { client, _ in
            let failure = await #expect(throws: ClusterFailure.self) { try await client.snapshot() }
            #expect(failure?.code == code)
            #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
        }
    }

    @Test func optionalKindsMayBeMissing() async throws {
        let api = FakeAPI()
        api.on("GET \(APIResource.autoscalers.path)", .status(404, "NotFound", "no such resource"))
        try await withAPI(api) { client, _ in
            let snapshot = try await client.snapshot()
            #expect(snapshot.autoscalers.isEmpty)
        }
    }
}
