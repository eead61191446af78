import FleetKubernetes
import FleetModel
import FleetPorts
import FleetWire
import Testing

/// Lists that come as the beginning of a watch, and what happens where a server has none.
@Suite(.serialized) struct StreamingListTests {
    private let pods = "/api/v1/pods"

    @Test("the state up to the bookmark, with what changed meanwhile; nothing but watches is asked, and each kind once")
    func streamed() async throws {
        let api = FakeAPI(streamsLists: true)
        api.on(
            "STREAM \(pods)",
            .watch(
                [
                    FakeAPI.event("ADDED", FakeAPI.pod("b", version: 3)), FakeAPI.bookmark(4),
                    FakeAPI.event("ADDED", FakeAPI.pod("c", version: 2)),
                    FakeAPI.event("ADDED", FakeAPI.pod("a", version: 1)),
                    FakeAPI.event("MODIFIED", FakeAPI.pod("a", version: 5)),
                    FakeAPI.event("DELETED", FakeAPI.pod("c", version: 6)), FakeAPI.end(12),
                ], then: [.hang]))
        api.on("WATCH \(pods)", .watch([FakeAPI.event("MODIFIED", FakeAPI.pod("a", version: 13))], then: [.hang]))
        try await withAPI(api) { client, server in
            let reading = try await client.read()
            #expect(reading.snapshot.pods.map { "\($0.key.name)@\($0.resourceVersion)" } == ["a@5", "b@3"])
            #expect(reading.snapshot.clusterUID == "cluster-1")
            #expect(server.requests.allSatisfy { $0.isStream })
            let asked = server.requests.filter(\.isStream).map(\.path)
            #expect(asked.sorted() == ([APIResource.namespaces] + APIResource.ofSnapshot).map(\.path).sorted())
            let first = try #require(server.requests.first { $0.path == pods })
            #expect(first.query("resourceVersionMatch") == "NotOlderThan")
            #expect(first.query("allowWatchBookmarks") == "true" && first.query("resourceVersion") == nil)
            let identity = try #require(server.requests.first { $0.path == APIResource.namespaces.path })
            #expect(identity.query("fieldSelector") == "metadata.name%3Dkube-system")

            try await expect(client.following(reading), sees: ["synchronized a@5 b@3", "pod a@13"])
            #expect(server.requests.first { $0.isWatch && $0.path == pods }?.query("resourceVersion") == "12")
            #expect(server.requests.filter(\.isStream).count == asked.count, "nothing is read a second time")
        }
    }

    @Test(
        "a server that cannot is asked once; then everything is listed page by page",
        arguments: [
            ("Kubernetes before 1.32", FakeAPI.noStreams),
            (
                "etcd before 3.5.8",
                .watch(
                    [
                        FakeAPI.event(
                            "ERROR",
                            Status(
                                message: "the required storage feature RequestWatchProgress is disabled",
                                reason: "InternalError", code: 500
                            ).json)
                    ], then: [.end])
            ),
            ("no bookmark at all", .watch([FakeAPI.event("ADDED", FakeAPI.pod("x", version: 1))], then: [.end])),
        ] as [(String, Script)])
    func unsupported(name: String, answer: Script) async throws {
        let api = FakeAPI(streamsLists: true)
        api.on("STREAM \(APIResource.namespaces.path)", answer)
        api.on("GET \(pods)", .json(FakeAPI.list("Pod", version: "5", [FakeAPI.pod("a", version: 1)])))
        try await withAPI(api) { client, server in
            for _ in 1...2 {
                let snapshot = try await client.snapshot()
                #expect(snapshot.pods.map(\.key.name) == ["a"] && snapshot.clusterUID == "cluster-1", "\(name)")
            }
            #expect(server.requests.count { $0.isStream } == 1, "\(name)")
            #expect(server.requests.count { $0.method == "GET" && !$0.isStream && $0.path == pods } == 2, "\(name)")
        }
    }

    @Test(
        "what fails for one kind alone is listed, and told in the list's words",
        arguments: [
            ("forbidden", Script.status(403, "Forbidden", "cannot watch")), ("a lost connection", [.abort]),
            ("a throttle", .text(429, "Too many requests", ["Retry-After": "1"])),
            ("half a list", .watch([FakeAPI.event("ADDED", FakeAPI.pod("x", version: 1))], then: [.abort])),
            ("no event", [.head(200, [:]), .chunk("{\"type\":\n"), .hang]),
        ] as [(String, Script)])
    func failing(name: String, answer: Script) async throws {
        let api = FakeAPI(streamsLists: true)
        api.on("STREAM \(pods)", answer)
        let words = "pods is forbidden: User \"u\" cannot list resource \"pods\""
        api.on(
            "GET \(pods)", .json(FakeAPI.list("Pod", version: "5", [FakeAPI.pod("a", version: 1)])),
            .status(403, "Forbidden", words))
        try await withAPI(api) { client, server in
            let snapshot = try await client.snapshot()
            #expect(snapshot.pods.map(\.key.name) == ["a"], "\(name)")
            #expect(server.requests.filter { !$0.isStream }.map(\.path).sorted() == [pods, "/version"], "\(name)")
            let failure = await #expect(throws: ClusterFailure.self) { try await client.snapshot() }
            #expect(failure?.description.contains("list pods: \(words)") == true, "\(name): \(failure as Any)")
        }
    }

    @Test("an expired watch streams the state anew, and the difference is told")
    func expired() async throws {
        let api = FakeAPI(streamsLists: true)
        api.on(
            "STREAM \(pods)",
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("a", version: 7)), FakeAPI.end(10)], then: [.hang]),
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("b", version: 90)), FakeAPI.end(100)], then: [.hang]))
        api.on(
            "WATCH \(pods)", .watch([FakeAPI.expired], then: [.end]),
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("c", version: 101))], then: [.hang]))
        try await withAPI(api) { client, server in
            let seen = try await observe(client, count: 4)
            #expect(seen.first == "synchronized a@7" && seen.last == "pod c@101")
            #expect(Set(seen[1...2]) == ["deleted a/uid-a", "pod b@90"])
            #expect(server.requests.last { $0.isWatch && $0.path == pods }?.query("resourceVersion") == "100")
        }
    }

    @Test("one object by its name; none is nil")
    func lease() async throws {
        let api = FakeAPI(streamsLists: true)
        let path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
        var stored = Lease(key: ObjectKey("kube-system", "fleet"), resourceVersion: "5", holder: "one").json
        stored["metadata"]["uid"] = "u"
        api.on(
            "STREAM \(path)", .watch([FakeAPI.event("ADDED", stored), FakeAPI.end(6)], then: [.hang]),
            .watch([FakeAPI.end(7)], then: [.hang]))
        try await withAPI(api) { client, server in
            let lease = LeaseClient(client: client)
            let held: Lease? = try await lease.read()
            #expect(held?.holder == "one" && held?.resourceVersion == "5")
            let none: Lease? = try await lease.read()
            #expect(none == nil)
            #expect(server.requests.allSatisfy { $0.isStream && $0.query("fieldSelector") == "metadata.name%3Dfleet" })
        }
    }
}
