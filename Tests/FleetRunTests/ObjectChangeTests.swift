import FleetModel
import Testing

@testable import FleetRun

/// What the audit says of a request: each field with what was there before.
struct ObjectChangeTests {
    private var world: World {
        var node = Fixture.node("n1")
        node.labels["pool"] = "old"
        node.taints = [Taint(key: "a", value: "1", effect: .noSchedule)]
        var world = World()
        world.synchronize(
            with: ClusterSnapshot(nodes: [node], workloads: [Fixture.deployment("cart", replicas: 1)]))
        return world
    }

    @Test("a patch of a Node: cordon, label, taints, and nothing for what is so already")
    func node() {
        let patch = NodePatch(
            isCordoned: true, labels: ["pool": "new", "gone": nil], annotations: ["note": "x"],
            addTaints: [Taint(key: "b", value: "2", effect: .preferNoSchedule)],
            removeTaints: [Taint(key: "a", value: "1", effect: .noSchedule)])
        #expect(
            ClusterRequest.patchNode("n1", uid: "uid-n1", patch).changes(in: world) == [
                ObjectChange(object: "Node n1", field: "spec.unschedulable", before: "false", after: "true"),
                ObjectChange(object: "Node n1", field: "spec.taints[b:PreferNoSchedule]", before: nil, after: "2"),
                ObjectChange(object: "Node n1", field: "spec.taints[a:NoSchedule]", before: "1", after: nil),
                ObjectChange(object: "Node n1", field: "metadata.labels[pool]", before: "old", after: "new"),
                ObjectChange(object: "Node n1", field: "metadata.annotations[note]", before: nil, after: "x"),
            ])
        #expect(ClusterRequest.patchNode("n1", uid: "uid-n1", NodePatch(isCordoned: false)).changes(in: world) == [])
    }

    @Test("replicas, a Node's deletion, and a token without its secret half")
    func others() {
        let reference = Fixture.deployment("cart", replicas: 1).reference
        #expect(
            ClusterRequest.scale(reference, replicas: 2, annotations: [:]).changes(in: world) == [
                ObjectChange(object: "Deployment shop/cart", field: "spec.replicas", before: "1", after: "2")
            ])
        #expect(
            ClusterRequest.deleteNode("n1", uid: "uid-n1").changes(in: world) == [
                ObjectChange(object: "Node n1", field: "metadata.uid", before: "uid-n1", after: nil)
            ])
        #expect(
            ClusterRequest.deleteBootstrapToken(id: "abcdef").changes(in: world) == [
                ObjectChange(
                    object: "Secret kube-system/bootstrap-token-abcdef", field: "data.token-id", before: "abcdef",
                    after: nil)
            ])
    }

    @Test("a pod that is deleted, with the node that it leaves")
    func pod() {
        let pod = Fixture.pod("cart-1", on: "n1")
        var world = World()
        world.synchronize(with: ClusterSnapshot(nodes: [Fixture.node("n1")], pods: [pod]))
        #expect(
            ClusterRequest.deletePod(pod.reference, gracePeriodSeconds: nil).changes(in: world) == [
                ObjectChange(object: "Pod shop/cart-1", field: "spec.nodeName", before: "n1", after: nil)
            ])
    }
}
