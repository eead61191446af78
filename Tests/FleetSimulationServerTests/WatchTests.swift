import FleetSimulation
import FleetWire
import Testing

@testable import FleetSimulationServer

@Suite struct WatchTests {
    private let path = "/api/v1/namespaces/shop/configmaps"

    private func world() async throws -> SimulatedWorld {
        let world = SimulatedWorld(nodes: 3)
        try await world.makeNamespace("shop")
        return world
    }

    private func configMap(_ name: String, labels: [String: String] = [:]) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string(name), "labels": JSONValue(labels)], "data": ["a": "1"],
        ]
    }

    private func open(_ world: SimulatedWorld, _ query: String) async throws -> AsyncStream<JSONValue> {
        let answer = try #require(await world.send("GET", "\(path)?watch=1&\(query)"))
        #expect(answer.code == 200)
        guard case .watch(let events) = answer.body else {
            Issue.record("\(answer.body)")
            return AsyncStream { $0.finish() }
        }
        return events
    }

    private func all(_ events: AsyncStream<JSONValue>) async -> [JSONValue] {
        var seen: [JSONValue] = []
        for await event in events { seen.append(event) }
        return seen
    }

    @Test func eventsStrictlyAfterTheVersion() async throws {
        let world = try await world()
        let first = try await world.json("POST", path, configMap("one"), code: 201)
        let version = try #require(first["metadata"]["resourceVersion"].string)
        try await world.json("POST", path, configMap("two"), code: 201)
        let events = try await open(world, "resourceVersion=\(version)")
        try await world.json("DELETE", "\(path)/one", code: 200)
        await world.api.endWatches()
        let seen = await all(events)
        #expect(seen.map { $0["type"].string } == ["ADDED", "DELETED"])
        #expect(seen.map { $0["object"]["metadata"]["name"].string } == ["two", "one"])
        let versions = seen.compactMap { $0["object"]["metadata"]["resourceVersion"].string.flatMap { Int($0) } }
        #expect(versions == versions.sorted())
    }

    @Test func anObjectThatLeavesTheSelectionIsDeletedInItsPreviousState() async throws {
        let world = try await world()
        try await world.json("POST", path, configMap("one", labels: ["tier": "a"]), code: 201)
        let events = try await open(world, "labelSelector=tier%3Da")
        let patch: JSONValue = ["metadata": ["labels": ["tier": "b"]]]
        let patched = try await world.json(
            "PATCH", "\(path)/one", patch, type: "application/merge-patch+json", code: 200)
        await world.api.endWatches()
        let seen = await all(events)
        #expect(seen.map { $0["type"].string } == ["ADDED", "DELETED"])
        let last = try #require(seen.last)
        #expect(last["object"]["metadata"]["labels"]["tier"] == "a")
        #expect(last["object"]["metadata"]["resourceVersion"] == patched["metadata"]["resourceVersion"])
    }

    @Test func aCompactedVersionIsOneErrorEventThenTheEnd() async throws {
        let world = try await world()
        try await world.json("POST", path, configMap("one"), code: 201)
        await world.api.compact()
        let seen = await all(try await open(world, "resourceVersion=1"))
        #expect(seen.count == 1)
        #expect(seen[0]["type"] == "ERROR")
        #expect(seen[0]["object"]["code"] == 410)
        #expect(seen[0]["object"]["reason"] == "Expired")
    }

    @Test func theServerEndsTheWatchAfterItsTimeWithABookmarkBefore() async throws {
        let world = try await world()
        let drive = Task { await world.api.drive() }
        defer { drive.cancel() }
        let seen = await all(try await open(world, "allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=0"))
        #expect(seen.allSatisfy { $0["type"] == "BOOKMARK" })
        #expect(seen.contains { $0["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true" })
    }

    @Test(
        "what may not stand together, in a real server's words",
        arguments: [
            (
                "watch=1&sendInitialEvents=true",
                "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            ),
            (
                "watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
                "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to "
                    + "NotOlderThan, resourceVersionMatch: Unsupported value: \"Exact\": supported values: "
                    + "\"NotOlderThan\"]"
            ),
            (
                "watch=1&resourceVersionMatch=NotOlderThan",
                "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless "
                    + "sendInitialEvents is provided"
            ),
            ("sendInitialEvents=true", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"),
            (
                "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
                "[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is "
                    + "provided, sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list]"
            ),
        ])
    func initialEventsNeedTheirMatch(query: String, words: String) async throws {
        let world = try await world()
        let answer = try await world.json("GET", "\(path)?\(query)", code: 422)
        #expect(answer["message"].string == "ListOptions.meta.k8s.io \"\" is invalid: \(words)")
    }

    @Test("a streaming list: the state, the bookmark that ends it, then what changes; or that the storage cannot do it")
    func streamingList() async throws {
        let world = try await world()
        try await world.json("POST", path, configMap("one"), code: 201)
        let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        let events = try await open(world, query)
        try await world.json("POST", path, configMap("two"), code: 201)
        await world.api.endWatches()
        let seen = await all(events)
        #expect(seen.map { $0["type"].string } == ["ADDED", "BOOKMARK", "ADDED"])
        #expect(seen[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true")
        await world.api.inject(WireFault(.streamingListsRefused, verb: "watch"))
        let refused = await all(try await open(world, query))
        #expect(refused.map { $0["type"].string } == ["ERROR"])
        #expect(refused[0]["object"]["code"] == 500)
        await world.api.inject(WireFault(.streamingListsRefused, verb: "watch"))
        let plain = try await open(world, "resourceVersion=1&allowWatchBookmarks=true")
        await world.api.endWatches()
        #expect(await all(plain).allSatisfy { $0["type"] != "ERROR" })
    }

    @Test("who may watch one object may do so by a field selector that names it, and no other")
    func oneObject() async throws {
        let world = try await world()
        await world.api.add(
            Account(
                user: "jane", token: "jane-token",
                allowed: [Account.Rule(verbs: ["watch"], resources: ["configmaps"], names: ["one"])]))
        func code(_ selector: String) async -> Int? {
            await world.send("GET", "\(path)?watch=1&fieldSelector=\(selector)", token: "jane-token")?.code
        }
        #expect(await code("metadata.name%3Done") == 200)
        #expect(await code("metadata.name%3D%3Done") == 200)
        #expect(await code("metadata.name%3Dtwo") == 403)
        #expect(await code("metadata.name%21%3Done") == 403)
        #expect(await code("metadata.namespace%3Done") == 403)
        await world.api.endWatches()
    }

    @Test func faultsOfWatches() async throws {
        let world = try await world()
        await world.api.inject(WireFault(.watchEnd(afterEvents: 1), verb: "watch"))
        await world.api.inject(WireFault(.watchExpired(afterEvents: 1), verb: "watch"))
        try await world.json("POST", path, configMap("one"), code: 201)
        try await world.json("POST", path, configMap("two"), code: 201)
        let cut = await all(try await open(world, "resourceVersion=0"))
        #expect(cut.map { $0["type"].string } == ["ADDED"])
        let expired = await all(try await open(world, "resourceVersion=0"))
        #expect(expired.map { $0["type"].string } == ["ADDED", "ERROR"])
        await world.api.inject(WireFault(.watchStall, verb: "watch"))
        let stalled = try await open(world, "resourceVersion=0")
        try await world.json("DELETE", "\(path)/one", code: 200)
        await world.api.endWatches()
        #expect(await all(stalled).isEmpty)
    }
}
