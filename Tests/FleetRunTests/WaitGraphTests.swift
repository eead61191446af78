import FleetModel
import Testing

@testable import FleetRun

/// Whose retreat is chosen.
struct WaitGraphTests {
    /// Cordoned nodes `c1`, `c2`, `c3`, each of a pool of its own, and pods that nothing but one of the pools takes.
    private func graph(_ homeless: [(app: String, pool: String)], needs: [(node: NodeName, app: String, pods: Int)])
        -> WaitGraph.Retreat?
    {
        var world = World()
        let names: [NodeName] = ["c1", "c2", "c3"]
        let nodes = names.map { name in
            var node = Fixture.node(name, cordoned: true)
            node.labels["pool"] = name.rawValue
            node.taints = [.cordon]
            node.allocatable = Resources(milliCPU: 4000, memory: 1 << 32, pods: 20)
            return node
        }
        let pods = homeless.enumerated().map { number, pod in
            var made = Fixture.pod(
                "\(pod.app)-\(number)", on: nil, ready: false, phase: .pending, labels: ["app": pod.app])
            made.constraints.nodeSelector = ["pool": pod.pool]
            return made
        }
        world.synchronize(with: ClusterSnapshot(nodes: nodes, pods: pods))
        let wanted = needs.map { need in
            WaitGraph.Need(node: need.node, title: need.app, pods: need.pods) { $0.labels["app"] == need.app }
        }
        return WaitGraph(wanted, candidates: names, in: world).best(of: names)
    }

    @Test("the one that frees most pods of others, whatever its place")
    func most() {
        let few: [(app: String, pool: String)] = [("a", "c1"), ("b", "c2"), ("b", "c2"), ("c", "c3")]
        let needs: [(node: NodeName, app: String, pods: Int)] = [("c3", "a", 3), ("c1", "b", 3), ("c2", "c", 3)]
        let retreat = graph(few, needs: needs)
        #expect(retreat?.node == "c2")
        #expect(retreat?.frees == ["c1"])
        #expect(retreat?.pods == 2)
    }

    @Test("of equal ones the last, none that frees only itself, and none where nothing would come")
    func ties() {
        let needs: [(node: NodeName, app: String, pods: Int)] = [("c3", "a", 1), ("c1", "b", 1)]
        #expect(graph([("a", "c1"), ("b", "c2")], needs: needs)?.node == "c2")
        #expect(graph([("a", "c3")], needs: needs) == nil)
        #expect(graph([], needs: needs) == nil)
    }
}
