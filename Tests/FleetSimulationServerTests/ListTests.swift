import FleetWire
import Testing

@testable import FleetSimulationServer

@Suite struct ListTests {
    private func names(_ list: JSONValue) -> [String] {
        list["items"].elements.compactMap { $0["metadata"]["name"].string }
    }

    @Test func pagesShowTheStateOfTheFirst() async throws {
        let world = SimulatedWorld(nodes: 5)
        let first = try await world.json("GET", "/api/v1/nodes?limit=2", code: 200)
        try await world.json("DELETE", "/api/v1/nodes/node003", code: 200)
        let token = try #require(first["metadata"]["continue"].string)
        let second = try await world.json("GET", "/api/v1/nodes?limit=2&continue=\(token)", code: 200)
        #expect(names(second) == ["node002", "node003"])
        #expect(second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"])
        #expect(second["metadata"]["remainingItemCount"] == 1)
        let now = try await world.json("GET", "/api/v1/nodes", code: 200)
        #expect(names(now) == ["node000", "node001", "node002", "node004"])
    }

    @Test func anExpiredPageCarriesATokenForTheRest() async throws {
        let world = SimulatedWorld(nodes: 5)
        let first = try await world.json("GET", "/api/v1/nodes?limit=2", code: 200)
        try await world.json("DELETE", "/api/v1/nodes/node003", code: 200)
        await world.api.compact()
        let token = try #require(first["metadata"]["continue"].string)
        let expired = try await world.json("GET", "/api/v1/nodes?limit=2&continue=\(token)", code: 410)
        #expect(expired["reason"] == "Expired")
        let resumed = try #require(expired["metadata"]["continue"].string)
        let rest = try await world.json("GET", "/api/v1/nodes?limit=2&continue=\(resumed)", code: 200)
        #expect(names(rest) == ["node002", "node004"])
    }

    @Test(arguments: [
        ("resourceVersionMatch=Exact", 422), ("resourceVersionMatch=Exact&resourceVersion=0", 422),
        ("resourceVersionMatch=Sometimes&resourceVersion=5", 422), ("resourceVersion=nonsense", 400),
        ("fieldSelector=spec.podCIDR%3Dx", 400), ("labelSelector=a%20in%20(b", 400),
    ])
    func refused(query: String, code: Int) async throws {
        let world = SimulatedWorld(nodes: 1)
        let answer = try await world.json("GET", "/api/v1/nodes?\(query)", code: code)
        #expect(answer["kind"] == "Status")
    }

    @Test func fieldSelectors() async throws {
        let world = SimulatedWorld(nodes: 4)
        try await world.json(
            "PATCH", "/api/v1/nodes/node002", ["spec": ["unschedulable": true]],
            type: "application/strategic-merge-patch+json", code: 200)
        let cordoned = try await world.json("GET", "/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue", code: 200)
        #expect(names(cordoned) == ["node002"])
        let others = try await world.json("GET", "/api/v1/nodes?fieldSelector=metadata.name!%3Dnode002", code: 200)
        #expect(names(others) == ["node000", "node001", "node003"])
        try await world.makeNamespace("shop")
        try await world.makePod("a", in: "shop")
        let pods = try await world.json("GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode001", code: 200)
        #expect(names(pods) == ["a"])
    }

    @Test func nodesHaveLeasesThatAreRenewed() async throws {
        let world = SimulatedWorld(nodes: 2)
        let lease = try await world.json(
            "GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node001", code: 200)
        #expect(lease["spec"]["holderIdentity"] == "node001")
        try await world.json("DELETE", "/api/v1/nodes/node001", code: 200)
        try await world.json(
            "GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node001", code: 404)
    }
}
