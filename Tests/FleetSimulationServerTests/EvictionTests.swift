import FleetModel
import FleetSimulation
import FleetWire
import Testing

@testable import FleetSimulationServer

/// Answers of the eviction subresource that no recording holds (semantics 1.2, 1.3).
@Suite struct EvictionTests {
    private func world() async throws -> SimulatedWorld {
        let world = SimulatedWorld(nodes: 3)
        try await world.makeNamespace("shop")
        try await world.makePod("a", in: "shop")
        return world
    }

    private func evict(
        _ world: SimulatedWorld, query: String = "", options: JSONValue = .null, code: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        var body: JSONValue = ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "a"]]
        if !options.isNull { body["deleteOptions"] = options }
        return try await world.json(
            "POST", "/api/v1/namespaces/shop/pods/a/eviction\(query)", body, code: code, sourceLocation: sourceLocation)
    }

    @Test func aBudgetThatWasNotObservedAsksForTenSeconds() async throws {
        let world = try await world()
        await world.api.perform(.fault(.controller(.disruption, isPaused: true)))
        try await world.json(
            "POST", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets",
            [
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": ["name": "new"],
                "spec": ["minAvailable": 0, "selector": ["matchLabels": ["app": "a"]]],
            ], code: 201)
        let answer = try await evict(world, code: 429)
        #expect(answer["details"]["retryAfterSeconds"] == 10)
        #expect(
            answer["details"]["causes"][0]["message"]
                == "The disruption budget new is still being processed by the server.")
    }

    @Test func dryRunsMustAgree() async throws {
        let world = try await world()
        _ = try await evict(world, options: ["dryRun": ["All"]], code: 201)
        _ = try await evict(world, query: "?dryRun=Some", code: 422)
        let pod = try await world.json("GET", "/api/v1/namespaces/shop/pods/a", code: 200)
        #expect(pod["metadata"]["deletionTimestamp"].isNull)
    }

    @Test func aMissingNamespaceIsNotAMissingPod() async throws {
        let world = try await world()
        let answer = try await world.json(
            "POST", "/api/v1/namespaces/none/pods/a/eviction",
            ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "a"]], code: 404)
        #expect(answer["details"]["kind"] == "namespaces")
    }

    @Test func aStaleUIDIsAConflictOnThePod() async throws {
        let world = try await world()
        let answer = try await evict(world, options: ["preconditions": ["uid": "another"]], code: 409)
        #expect(answer["details"]["kind"] == "Pod")
    }

    @Test func kindAndVersionMayBeMissing() async throws {
        let world = try await world()
        try await world.json(
            "POST", "/api/v1/namespaces/shop/pods/a/eviction", ["metadata": ["name": "a"]], code: 201)
    }
}
