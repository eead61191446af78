import FleetModel
import FleetSimulation
import FleetWire
import Testing

@testable import FleetSimulationServer

@Suite struct WritingTests {
    private let node = "/api/v1/nodes/node001"

    @Test func aWriteThatChangesNothingKeepsTheVersion() async throws {
        let world = SimulatedWorld(nodes: 3)
        let before = try await world.json("GET", node, code: 200)
        let after = try await world.json(
            "PATCH", node, ["spec": ["unschedulable": .null]], type: "application/merge-patch+json", code: 200)
        #expect(after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"])
    }

    @Test func whatTheSimulationDoesNotModelIsKept() async throws {
        let world = SimulatedWorld(nodes: 3)
        try await world.json(
            "PATCH", node, ["spec": ["podCIDR": "10.1.0.0/24"]], type: "application/merge-patch+json", code: 200)
        try await world.json(
            "PATCH", node, ["spec": ["unschedulable": true]], type: "application/merge-patch+json", code: 200)
        let json = try await world.wait(for: node) { !$0["spec"]["taints"].elements.isEmpty }
        #expect(json["spec"]["podCIDR"] == "10.1.0.0/24")
        #expect(json["spec"]["unschedulable"] == true)
    }

    @Test func aStatefulSetsMemberHasItsClaimBesideItsTemplatesVolumes() async throws {
        let world = SimulatedWorld(nodes: 3)
        try await world.makeNamespace("pay")
        let labels: JSONValue = ["app": "ledger"]
        let set: JSONValue = [
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": ["name": "ledger"],
            "spec": [
                "replicas": 1, "serviceName": "ledger", "selector": ["matchLabels": labels],
                "template": [
                    "metadata": ["labels": labels],
                    "spec": [
                        "containers": [["name": "main", "image": "i"]],
                        "volumes": [["name": "scratch", "emptyDir": [:]]],
                    ],
                ],
                "volumeClaimTemplates": [["metadata": ["name": "data"], "spec": ["accessModes": ["ReadWriteOnce"]]]],
            ],
        ]
        try await world.json("POST", "/apis/apps/v1/namespaces/pay/statefulsets", set, code: 201)
        let pod = try await world.wait(for: "/api/v1/namespaces/pay/pods/ledger-0") { !$0["spec"]["nodeName"].isNull }
        let claims = pod["spec"]["volumes"].elements.map { $0["persistentVolumeClaim"]["claimName"].string ?? "" }
        #expect(claims == ["data-ledger-0", ""])
    }

    @Test func aPatchWithAnothersUIDIsAConflict() async throws {
        let world = SimulatedWorld(nodes: 3)
        let answer = try await world.json(
            "PATCH", node, ["metadata": ["uid": "another", "labels": ["a": "b"]]],
            type: "application/merge-patch+json", code: 409)
        #expect(answer["reason"] == "Conflict")
    }

    @Test func updatesOfSomeKindsNeedAVersion() async throws {
        let world = SimulatedWorld(nodes: 3)
        try await world.makeNamespace("shop")
        let path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/leader"
        let lease: JSONValue = [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": ["name": "leader"],
            "spec": ["leaseDurationSeconds": 15],
        ]
        try await world.json("PUT", path, lease, code: 201)
        let refused = try await world.json("PUT", path, lease, code: 422)
        #expect(refused["details"]["causes"][0]["field"] == "metadata.resourceVersion")
    }

    @Test(arguments: ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123Z"])
    func leasesTakeSixDigitsOnly(time: String) async throws {
        let world = SimulatedWorld(nodes: 1)
        let lease: JSONValue = [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": ["name": "leader"],
            "spec": ["renewTime": .string(time)],
        ]
        try await world.json(
            "POST", "/apis/coordination.k8s.io/v1/namespaces/default/leases", lease, code: 400)
    }

    @Test func eventsOfTheNewGroupMustBeComplete() async throws {
        let world = SimulatedWorld(nodes: 1)
        let event: JSONValue = [
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": ["name": "e"],
            "eventTime": "2026-01-01T00:00:00.000000Z", "reason": "Drained", "type": "Strange",
        ]
        let answer = try await world.json("POST", "/apis/events.k8s.io/v1/namespaces/default/events", event, code: 422)
        let fields = answer["details"]["causes"].elements.compactMap { $0["field"].string }
        #expect(fields == ["reportingController", "reportingInstance", "action", "type"])
    }

    @Test func applyCreatesAndThenMerges() async throws {
        let world = SimulatedWorld(nodes: 1)
        let path = "/api/v1/namespaces/default/configmaps/settings"
        let map: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "data": ["a": "1"]]
        let type = "application/apply-patch+yaml"
        try await world.json("PATCH", path, map, type: type, code: 422)
        try await world.json("PATCH", path + "?fieldManager=tests", map, type: type, code: 201)
        let more: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "data": ["b": "2"]]
        let merged = try await world.json("PATCH", path + "?fieldManager=tests", more, type: type, code: 200)
        #expect(merged["data"] == ["a": "1", "b": "2"])
    }

    @Test func aStrategicPatchMergesContainersByName() {
        let pod: JSONValue = ["spec": ["containers": [["name": "a", "image": "1"], ["name": "b", "image": "1"]]]]
        let patch: JSONValue = ["spec": ["containers": [["name": "b", "image": "2"], ["name": "c", "image": "3"]]]]
        let result = StrategicMergePatch.apply(patch, to: pod)
        #expect(result["spec"]["containers"].elements.compactMap { $0["image"].string } == ["1", "2", "3"])
        let removal: JSONValue = ["spec": ["containers": [["name": "a", "$patch": "delete"]]]]
        #expect(StrategicMergePatch.apply(removal, to: pod)["spec"]["containers"].elements.count == 1)
    }

    @Test(arguments: [
        (#"[{"op":"add","path":"/a/-","value":3}]"#, #"{"a":[1,2,3],"b/c":{"d":4}}"#),
        (#"[{"op":"remove","path":"/a/0"}]"#, #"{"a":[2],"b/c":{"d":4}}"#),
        (#"[{"op":"replace","path":"/b~1c/d","value":5}]"#, #"{"a":[1,2],"b/c":{"d":5}}"#),
        (#"[{"op":"move","from":"/a","path":"/e"}]"#, #"{"b/c":{"d":4},"e":[1,2]}"#),
        (#"[{"op":"copy","from":"/a/1","path":"/b~1c/e"}]"#, #"{"a":[1,2],"b/c":{"d":4,"e":2}}"#),
        (
            #"[{"op":"test","path":"/a/1","value":2},{"op":"add","path":"/f","value":true}]"#,
            #"{"a":[1,2],"b/c":{"d":4},"f":true}"#
        ),
    ])
    func jsonPatches(patch: String, result: String) throws {
        let target = try JSONValue(parsing: #"{"a":[1,2],"b/c":{"d":4}}"#)
        #expect(try JSONPatch.apply(JSONValue(parsing: patch), to: target) == JSONValue(parsing: result))
    }

    @Test(arguments: [
        #"[{"op":"test","path":"/a/1","value":9}]"#, #"[{"op":"remove","path":"/x"}]"#,
        #"[{"op":"replace","path":"/a/7","value":1}]"#, #"[{"op":"strange","path":"/a"}]"#, #"{"op":"add"}"#,
    ])
    func jsonPatchesThatDoNotFit(patch: String) throws {
        let target = try JSONValue(parsing: #"{"a":[1,2]}"#)
        let operations = try JSONValue(parsing: patch)
        #expect(throws: JSONPatch.Failure.self) { try JSONPatch.apply(operations, to: target) }
    }

    @Test func scalingToZeroOmitsReplicas() async throws {
        let world = SimulatedWorld(nodes: 3)
        try await world.makeNamespace("shop")
        try await world.makeDeployment("web", replicas: 2, in: "shop")
        let path = "/apis/apps/v1/namespaces/shop/deployments/web"
        let scale: JSONValue = [
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": ["name": "web", "namespace": "shop"],
            "spec": [:],
        ]
        let answer = try await world.json("PUT", path + "/scale", scale, code: 200)
        #expect(answer["spec"] == [:])
        try await world.wait(for: path) { $0["status"]["readyReplicas"].isNull }
        let absent = try await world.json("GET", "/apis/apps/v1/namespaces/shop/deployments/none/scale", code: 404)
        #expect(absent["details"]["kind"] == "deployments/scale")
    }

    @Test func aDeletedNamespaceTakesItsContentsAlong() async throws {
        let world = SimulatedWorld(nodes: 3)
        try await world.makeNamespace("shop")
        try await world.makePod("a", in: "shop")
        try await world.json(
            "POST", "/api/v1/namespaces/shop/configmaps",
            ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings"]], code: 201)
        let going = try await world.json("DELETE", "/api/v1/namespaces/shop", code: 200)
        #expect(going["status"]["phase"] == "Terminating")
        try await world.wait(for: "/api/v1/namespaces/shop") { $0["kind"] == "Status" }
        try await world.json("GET", "/api/v1/namespaces/shop/configmaps/settings", code: 404)
    }

    @Test func whatHappensIsReportedAsEvents() async throws {
        let world = SimulatedWorld(nodes: 3)
        try await world.json(
            "PATCH", node, ["spec": ["unschedulable": true]], type: "application/merge-patch+json", code: 200)
        let events = try await world.json(
            "GET", "/api/v1/events?fieldSelector=involvedObject.name%3Dnode001", code: 200)
        #expect(events["items"].elements.compactMap { $0["reason"].string } == ["NodeNotSchedulable"])
        let modern = try await world.json("GET", "/apis/events.k8s.io/v1/events", code: 200)
        #expect(modern["items"][0]["regarding"]["name"] == "node001")
    }
}
