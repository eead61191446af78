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

    @Test func initialEventsNeedTheirMatch() async throws {
        let world = try await world()
        let answer = try await world.json("GET", "\(path)?watch=1&sendInitialEvents=true", code: 422)
        #expect(answer["details"]["causes"][0]["field"] == "resourceVersionMatch")
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
