import FleetModel
import FleetWire
import Testing

@Suite struct APIRequestTests {
    @Test func eviction() {
        let request = APIRequest.evict(PodReference(ObjectKey("shop", "web-0"), uid: "u1"), gracePeriodSeconds: 30)
        #expect(request.method == .post)
        #expect(request.target == "/api/v1/namespaces/shop/pods/web-0/eviction")
        #expect(
            request.body == [
                "apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "web-0", "namespace": "shop"],
                "deleteOptions": ["preconditions": ["uid": "u1"], "gracePeriodSeconds": 30],
            ])
    }

    @Test(arguments: [
        ("../../secrets/x", "..%2F..%2Fsecrets%2Fx"), ("..", "%2E%2E"), ("a?dryRun=All", "a%3FdryRun%3DAll"),
        ("a b\r\nHost: x", "a%20b%0D%0AHost%3A%20x"), ("ip-10-0-0-1.ec2.internal", "ip-10-0-0-1.ec2.internal"),
    ])
    func aNameIsOneSegmentOfThePath(name: String, segment: String) {
        let pod = PodReference(ObjectKey(name, name), uid: "u1")
        #expect(
            APIRequest.evict(pod, gracePeriodSeconds: 30).target
                == "/api/v1/namespaces/\(segment)/pods/\(segment)/eviction")
    }

    @Test func cordonAndLabels() {
        let patch = NodePatch(isCordoned: true, labels: ["a": "b", "gone": nil], annotations: ["x": "y"])
        let request = APIRequest.patch("n1", uid: "u1", patch, current: nil)
        #expect(request.contentType == "application/merge-patch+json")
        #expect(
            request.body?.description
                == #"{"metadata":{"uid":"u1","labels":{"a":"b","gone":null},"annotations":{"x":"y"}},"spec":{"unschedulable":true}}"#
        )
    }

    @Test func uncordonRemovesTheField() {
        let request = APIRequest.patch("n1", uid: "u1", NodePatch(isCordoned: false), current: nil)
        #expect(request.body?["spec"].description == #"{"unschedulable":null}"#)
    }

    @Test func taintsAreReplacedAsReadWithTheirVersion() throws {
        let current = try JSONValue(
            parsing:
                #"{"metadata":{"resourceVersion":"7"},"spec":{"taints":[{"key":"other","effect":"NoSchedule","timeAdded":"2026-01-01T00:00:00Z"},{"key":"old","effect":"NoExecute"},{"key":"mine","value":"1","effect":"NoSchedule"}]}}"#
        )
        let patch = NodePatch(
            addTaints: [
                Taint(key: "mine", value: "2", effect: .noSchedule), Taint(key: "new", effect: .preferNoSchedule),
            ],
            removeTaints: [Taint(key: "old", effect: .noExecute)])
        let body = try #require(APIRequest.patch("n1", uid: "u1", patch, current: current).body)
        #expect(body["metadata"]["resourceVersion"] == "7")
        #expect(
            body["spec"]["taints"].description
                == #"[{"key":"other","effect":"NoSchedule","timeAdded":"2026-01-01T00:00:00Z"},{"key":"mine","value":"2","effect":"NoSchedule"},{"key":"new","effect":"PreferNoSchedule"}]"#
        )
    }

    @Test func scale() throws {
        let reference = WorkloadReference(kind: .deployment, key: ObjectKey("shop", "cart"), uid: "u")
        let request = try #require(APIRequest.scale(reference, replicas: 2, annotations: ["fleet/run": "r-1"]))
        #expect(request.target == "/apis/apps/v1/namespaces/shop/deployments/cart")
        #expect(
            request.body?.description
                == #"{"metadata":{"uid":"u","annotations":{"fleet/run":"r-1"}},"spec":{"replicas":2}}"#)
        #expect(
            APIRequest.scale(
                WorkloadReference(kind: .job, key: ObjectKey("a", "b"), uid: "u"), replicas: 1, annotations: [:]) == nil
        )
    }

    @Test func deletions() {
        let node = APIRequest.delete("n1" as NodeName, uid: "u1")
        #expect(node.target == "/api/v1/nodes/n1")
        #expect(node.body?["preconditions"]["uid"] == "u1")
        let pod = APIRequest.delete(PodReference(ObjectKey("s", "p"), uid: "u"), gracePeriodSeconds: 0)
        #expect(pod.body?["gracePeriodSeconds"] == 0)
    }

    @Test func autoscaler() {
        let request = APIRequest.setMinimum(of: ObjectKey("s", "h"), minReplicas: 2, annotations: ["a": nil])
        #expect(request.target == "/apis/autoscaling/v2/namespaces/s/horizontalpodautoscalers/h")
        #expect(request.body == ["spec": ["minReplicas": 2], "metadata": ["annotations": ["a": .null]]])
    }

    @Test func queriesAreEscaped() {
        let request = APIRequest(.get, "/api/v1/pods", query: [("labelSelector", "a in (b,ü)"), ("limit", "500")])
        #expect(request.target == "/api/v1/pods?labelSelector=a%20in%20%28b%2C%C3%BC%29&limit=500")
    }
}
