import FleetKubernetes
import FleetModel
import FleetPorts
import FleetWire
import Testing

@Suite(.serialized) struct WatchTests {
    private let pods = "/api/v1/pods"

    private func api(_ watches: Script..., lists: [Script] = []) -> FakeAPI {
        let api = FakeAPI()
        api.on("GET \(pods)", .json(FakeAPI.list("Pod", version: "10", [FakeAPI.pod("a", version: 7)])))
        for list in lists { api.on("GET \(pods)", list) }
        for watch in watches { api.on("WATCH \(pods)", watch) }
        return api
    }

    @Test func listsThenChanges() async throws {
        let api = api(
            .watch(
                [
                    FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11)),
                    FakeAPI.event("MODIFIED", FakeAPI.pod("a", version: 12)),
                    FakeAPI.event("DELETED", FakeAPI.pod("b", version: 13)),
                ], then: [.hang]))
        try await withAPI(api) { client, server in
            let seen = try await observe(client, count: 4)
            #expect(seen == ["synchronized a@7", "pod b@11", "pod a@12", "deleted b/uid-b"])
            let watch = try #require(server.requests.first { $0.isWatch && $0.path == pods })
            #expect(watch.query("resourceVersion") == "10")
            #expect(watch.query("allowWatchBookmarks") == "true")
            #expect((300...600).contains(try #require(watch.query("timeoutSeconds").flatMap(Int.init))))
            #expect(watch.headers["user-agent"]?.hasPrefix("fleet/") == true)
        }
    }

    @Test func aPodThatAsksForMoreThanAnythingCanBe() async throws {
        var pod = FakeAPI.pod("b", version: 11)
        let container: JSONValue = [
            "resources": ["requests": ["memory": "8E", "cpu": "170141183460469231731687303715884105728"]]
        ]
        pod["spec"] = [
            "containers": [container, container], "terminationGracePeriodSeconds": .int(Int64.max),
        ]
        let api = api(.watch([FakeAPI.event("ADDED", pod)], then: [.hang]))
        try await withAPI(api) { client, _ in
            try await expect(client, sees: ["synchronized a@7", "pod b@11"])
        }
    }

    @Test func aFreshReadingIsFollowedWithoutListingAnew() async throws {
        let api = api(.watch([FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11))], then: [.hang]))
        try await withAPI(api) { client, server in
            let reading = try await client.read()
            let lists = server.requests.count
            try await expect(client.following(reading), sees: ["synchronized a@7", "pod b@11"])
            #expect(!server.requests.dropFirst(lists).contains { !$0.isWatch })
            let watch = try #require(server.requests.first { $0.isWatch && $0.path == pods })
            #expect(watch.query("resourceVersion") == "10")
        }
    }

    @Test func anEventInPieces() async throws {
        let line = "\(FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11)))\n"
        let half = line.index(line.startIndex, offsetBy: 40)
        let api = api([
            .head(200, [:]), .chunk(String(line[..<half])), .wait(.milliseconds(30)), .chunk(String(line[half...])),
            .hang,
        ])
        try await withAPI(api) { client, _ in
            try await expect(client, sees: ["synchronized a@7", "pod b@11"])
        }
    }

    @Test func anEndOfFileGoesOnFromTheLastVersion() async throws {
        let api = api(
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11)), FakeAPI.bookmark(20)], then: [.end]),
            .watch([FakeAPI.event("MODIFIED", FakeAPI.pod("b", version: 21))], then: [.hang]))
        try await withAPI(api) { client, server in
            try await expect(client, sees: ["synchronized a@7", "pod b@11", "pod b@21"])
            let watches = server.requests.filter { $0.isWatch && $0.path == pods }
            #expect(watches.map { $0.query("resourceVersion") } == ["10", "20"], "the bookmark's version counts")
            #expect(server.requests.filter { !$0.isWatch && $0.path == pods }.count == 1, "no second list")
        }
    }

    @Test func anExpiredVersionInsideTheStreamSendsTheDifference() async throws {
        let again = Script.json(
            FakeAPI.list(
                "Pod", version: "100",
                [
                    FakeAPI.pod("b", uid: "uid-b2", version: 90), FakeAPI.pod("c", version: 91),
                    FakeAPI.pod("d", version: 12),
                ]))
        let api = api(
            .watch(
                [
                    FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11)),
                    FakeAPI.event("ADDED", FakeAPI.pod("d", version: 12)), FakeAPI.expired,
                ], then: [.end]),
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("e", version: 101))], then: [.hang]), lists: [again])
        try await withAPI(api) { client, server in
            let seen = try await observe(client, count: 8)
            #expect(Set(seen[..<3]) == ["synchronized a@7", "pod b@11", "pod d@12"])
            #expect(
                Set(seen[3..<7]) == ["deleted a/uid-a", "deleted b/uid-b", "pod b@90", "pod c@91"],
                "d did not change; b was made anew")
            #expect(seen[7] == "pod e@101")
            let last = server.requests.last { $0.isWatch && $0.path == pods }
            #expect(last?.query("resourceVersion") == "100")
        }
    }

    @Test func anExpiredVersionAsAnAnswer() async throws {
        let again = Script.json(FakeAPI.list("Pod", version: "100", [FakeAPI.pod("a", version: 99)]))
        let api = api(
            .status(410, "Gone", "too old resource version"), .watch([], then: [.hang]), lists: [again])
        try await withAPI(api) { client, _ in
            try await expect(client, sees: ["synchronized a@7", "pod a@99"])
        }
    }

    @Test func aSilentStallIsEnded() async throws {
        var options = ClientOptions.quick
        options.watchSilence = .seconds(3)
        let api = api(
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11))], then: [.hang]),
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("c", version: 12))], then: [.hang]))
        try await withAPI(api, options: options) { client, server in
            try await expect(client, sees: ["synchronized a@7", "pod b@11", "pod c@12"])
            let watches = server.requests.filter { $0.isWatch && $0.path == pods }
            #expect(watches.map { $0.query("resourceVersion") }.prefix(2) == ["10", "11"])
        }
    }

    @Test func aLostConnectionIsToldAndMended() async throws {
        let api = api(
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11))], then: [.wait(.milliseconds(20)), .abort]),
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("c", version: 12))], then: [.hang]))
        try await withAPI(api) { client, server in
            let seen = try await observe(client, count: 5)
            #expect(
                seen == [
                    "synchronized a@7", "pod b@11", "interrupted connectionLost", "synchronized a@7 b@11", "pod c@12",
                ])
            #expect(server.requests.filter { !$0.isWatch && $0.path == pods }.count == 1, "no second list")
        }
    }

    @Test func theStateBeforeAGapIsNotTakenForThePresentOne() async throws {
        let again = Script.json(FakeAPI.list("Pod", version: "100", [FakeAPI.pod("c", version: 99)]))
        let api = api(
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11))], then: [.wait(.milliseconds(20)), .abort]),
            .watch([FakeAPI.expired], then: [.end]), .watch([], then: [.hang]), lists: [again])
        try await withAPI(api) { client, _ in
            try await expect(
                client,
                sees: [
                    "synchronized a@7", "pod b@11", "interrupted connectionLost", "synchronized a@7 b@11",
                    "interrupted expired", "synchronized c@99",
                ])
        }
    }

    @Test func aBrokenEventIsToldAndTheWatchGoesOn() async throws {
        let api = api(
            [.head(200, [:]), .chunk("{\"type\":\"ADDED\",\n"), .hang],
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("c", version: 12))], then: [.hang]))
        try await withAPI(api) { client, _ in
            try await expect(
                client,
                sees: [
                    "synchronized a@7", "interrupted malformed", "synchronized a@7", "pod c@12",
                ])
        }
    }

    @Test func throttlingOfAWatchIsWaitedFor() async throws {
        let api = api(
            .text(429, "Too many requests, please try again later.", ["Retry-After": "1"]),
            .watch([FakeAPI.event("ADDED", FakeAPI.pod("c", version: 12))], then: [.hang]))
        let start = ContinuousClock.now
        try await withAPI(api) { client, server in
            try await expect(
                client,
                sees: [
                    "synchronized a@7", "interrupted throttled", "synchronized a@7", "pod c@12",
                ])
            #expect(server.requests.filter { !$0.isWatch && $0.path == pods }.count == 1, "no second list")
        }
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test func aForbiddenMandatoryResourceEndsTheWatchByName() async throws {
        let api = FakeAPI()
        let words = "pods is forbidden: User \"u\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
        api.on("GET \(pods)", .status(403, "Forbidden", words, Status.Details(kind: "pods")))
        try await withAPI(api) { client, _ in
            try await expect(client, sees: ["failed forbidden: list pods: \(words)"])
        }
    }

    @Test func optionalResourcesAreLeftOut() async throws {
        let api = api(.watch([FakeAPI.event("ADDED", FakeAPI.pod("b", version: 11))], then: [.hang]))
        api.on("GET \(APIResource.autoscalers.path)", .status(403, "Forbidden", "no"))
        api.on("GET \(APIResource.attachments.path)", .status(404, "NotFound", "no"))
        try await withAPI(api) { client, server in
            try await expect(client, sees: ["synchronized a@7", "pod b@11"])
            #expect(!server.requests.contains { $0.isWatch && $0.path == APIResource.autoscalers.path })
        }
    }

    @Test func aLaterRefusalEndsTheWatchAfterAFewAttempts() async throws {
        let api = api(.status(401, "Unauthorized", "Unauthorized"))
        try await withAPI(api) { client, server in
            let seen = try await observe(client, count: 3)
            #expect(seen[..<2] == ["synchronized a@7", "interrupted unauthorized"])
            #expect(seen[2].hasPrefix("failed unauthorized: watch pods: Unauthorized"))
            #expect(server.requests.filter { $0.isWatch && $0.path == pods }.count == 3)
        }
    }

    @Test func aWatchThatEndsAtOnceIsNotAskedInATightLoop() async throws {
        var options = ClientOptions.quick
        options.backoff = Backoff(first: .milliseconds(100), longest: .seconds(1))
        let api = api(.watch([], then: [.end]))
        try await withAPI(api, options: options) { client, server in
            _ = try await observe(client, count: 1)
            let task = Task { for await _ in client.watch() {} }
            try await Task.sleep(for: .milliseconds(500))
            task.cancel()
            #expect(server.requests.filter { $0.isWatch && $0.path == pods }.count < 8)
        }
    }

    @Test func everyKindIsFollowed() async throws {
        try await withAPI(FakeAPI()) { client, server in
            _ = try await observe(client, count: 1)
            let task = Task { for await _ in client.watch() {} }
            defer { task.cancel() }
            let expected = Set(APIResource.ofSnapshot.filter { $0 != .claims && $0 != .volumes }.map(\.path))
            for _ in 0..<100 where Set(server.requests.filter(\.isWatch).map(\.path)) != expected {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(Set(server.requests.filter(\.isWatch).map(\.path)) == expected)
        }
    }

    @Test func anUnreachableServerIsToldAndWaitedFor() async throws {
        let connection = try ClusterConnection(server: "http://127.0.0.1:1")
        try await KubernetesClient.withClient(connection: connection, options: .quick) { client in
            try await expect(client, sees: ["interrupted unreachable"])
        }
    }
}
