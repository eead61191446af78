import FleetModel
import FleetWire
import Testing

@testable import FleetKubernetes

/// What the API knows of a Node's health, as diagnoses read it.
@Suite struct NodeHealthTests {
    private static let node: JSONValue = [
        "metadata": ["name": "n1", "uid": "u1"],
        "status": [
            "conditions": [
                ["type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "PLEG is not healthy"]
            ]
        ],
    ]

    private static func event(_ time: String, _ message: String, by component: String = "kubelet") -> JSONValue {
        ["lastTimestamp": .string(time), "message": .string(message), "reportingComponent": .string(component)]
    }

    private let nodes = "GET /api/v1/nodes"
    private let events = "GET /api/v1/namespaces/default/events"

    @Test func conditionsAndWarningsNewestFirstWithoutFleetsOwn() async throws {
        let api = FakeAPI()
        api.on(nodes, .json(["items": [Self.node]]))
        api.on(
            events,
            .json([
                "items": [
                    Self.event("2026-11-26T01:00:00Z", "no CIDR"), Self.event("2026-11-26T02:00:00Z", "disk is full"),
                    Self.event("2026-11-26T03:00:00Z", "no CIDR"),
                    Self.event("2026-11-26T04:00:00Z", "set aside", by: "fleet.run/fleet"),
                ]
            ]))
        try await withAPI(api) { client, server in
            let health = try await client.health(of: "n1")
            #expect(
                health
                    == NodeHealth(
                        conditions: [
                            .init(
                                type: "Ready", status: "False", reason: "KubeletNotReady",
                                message: "PLEG is not healthy")
                        ], warnings: ["no CIDR", "disk is full"]))
            #expect(
                server.requests.map { $0.query("fieldSelector") }.suffix(2) == [
                    "metadata.name%3Dn1", "involvedObject.kind%3DNode%2CinvolvedObject.name%3Dn1%2Ctype%3DWarning",
                ])
        }
    }

    @Test func whoMayNotListEventsHasNone() async throws {
        let api = FakeAPI()
        api.on(nodes, .json(["items": [Self.node]]), .json(["items": []]))
        api.on(events, .status(403, "Forbidden", "events is forbidden"))
        try await withAPI(api) { client, _ in
            let health = try await client.health(of: "n1")
            #expect(health?.conditions.count == 1 && health?.warnings == [])
            let none = try await client.health(of: "n1")
            #expect(none == nil, "there is no such Node")
        }
    }
}
