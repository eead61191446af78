import FleetModel
import FleetSimulation
import FleetSimulationServer
import Testing

/// A node is emptied wholly: DaemonSets' pods leave in order, what tolerates everything stays, the taint goes (D13).
@Suite("remove_daemon_pods", .serialized)
struct EmptyNodeTests {
    /// kube-proxy tolerates nothing, calico-node nothing either and sets up networks; the third tolerates everything.
    private static var snapshot: ClusterSnapshot {
        var snapshot = DemoCluster.snapshot()
        for index in snapshot.workloads.indices where snapshot.workloads[index].reference.kind == .daemonSet {
            snapshot.workloads[index].template?.constraints.tolerations = []
            if snapshot.workloads[index].reference.key.name == "calico-node" {
                snapshot.workloads[index].template?.volumes = [.hostPath(name: "cni", path: "/opt/cni/bin")]
            }
        }
        for index in snapshot.pods.indices where snapshot.pods[index].isDaemon {
            snapshot.pods[index].constraints.tolerations.removeAll { $0.key.isEmpty }
            if snapshot.pods[index].key.name.hasPrefix("calico-node") {
                snapshot.pods[index].volumes = [.hostPath(name: "cni", path: "/opt/cni/bin")]
            }
        }
        return snapshot
    }

    private static let steps = [
        "cordon:", "drain: {delete_emptydir_data: true}", "verify_drained:", "wait_volumes_detached:",
        "remove_daemon_pods: {timeout: 30s}",
    ]

    @Test(
        "ordinary daemons go first, the network's last, and all come back when the node stays", .timeLimit(.minutes(2)))
    func order() async throws {
        try await SimulatedWorld.with(Self.snapshot) { world in
            let playbook = try world.playbook(Self.steps)
            let dry = try await world.run("run", playbook, "-l", "web-02", "--dry-run")
            #expect(dry.output.contains("would remove kube-system/kube-proxy-"), "\(dry.output)")
            #expect(dry.output.contains("then kube-system/calico-node-"), "\(dry.output)")
            let result = try await world.run("run", playbook, "-l", "web-02", "--yes", "--output", "json")
            #expect(result.status == 0, "\(result.error)\(result.output.suffix(1500))")
            let step = result.steps.first { $0.step == "remove_daemon_pods" }
            #expect(step?.changed == true && step?.detail == "no DaemonSet's pod is left", "\(result.steps)")
            let titles = result.output.split(separator: "\n").compactMap { line in
                line.firstMatch(of: /"title":"((?:taint web-02 fleet.run\/emptying:|delete pod )[^"]*)"/).map {
                    String($0.1)
                }
            }
            #expect(titles.count == 3 && titles.first == "taint web-02 fleet.run/emptying:NoSchedule", "\(titles)")
            #expect(titles.dropFirst().first?.hasPrefix("delete pod kube-system/kube-proxy-") == true, "\(titles)")
            #expect(titles.last == "taint web-02 fleet.run/emptying:NoExecute", "\(titles)")
            let node = await world.server.simulation.nodes.first { $0.name == "web-02" }
            #expect(node?.taints.contains { $0.key == "fleet.run/emptying" } == false)
            #expect(node?.annotations["fleet.run/emptying"] == nil)
            // The taint is gone, and the DaemonSets make their pods anew.
            let deadline = ContinuousClock.now + .seconds(30)
            func daemons() async -> [Pod] {
                await world.server.simulation.pods(on: "web-02").filter { $0.isDaemon && $0.isReady }
            }
            while await daemons().count < 2, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(50))
            }
            let back = await daemons().compactMap { $0.controller?.name }.sorted()
            #expect(back == ["calico-node", "kube-proxy"])
        }
    }

    @Test("what tolerates every taint is named and left", .timeLimit(.minutes(2)))
    func tolerating() async throws {
        try await SimulatedWorld.with { world in
            let result = try await world.run(
                "run", try world.playbook(Self.steps), "-l", "web-02", "--yes", "--output", "json")
            #expect(result.status == 0, "\(result.error)")
            let detail = result.steps.first { $0.step == "remove_daemon_pods" }?.detail ?? ""
            #expect(
                detail.hasPrefix("removed; left, since they tolerate every taint: kube-system/calico-node-"),
                "\(detail)")
        }
    }

    @Test("what a NoSchedule taint does not keep away goes with the NoExecute one, not again and again")
    func unscheduled() async throws {
        var snapshot = Self.snapshot
        let noSchedule = Toleration(exists: true, effect: .noSchedule)
        for index in snapshot.workloads.indices where snapshot.workloads[index].reference.kind == .daemonSet {
            snapshot.workloads[index].template?.constraints.tolerations = [noSchedule]
        }
        for index in snapshot.pods.indices where snapshot.pods[index].isDaemon {
            snapshot.pods[index].constraints.tolerations.append(noSchedule)
        }
        try await SimulatedWorld.with(snapshot) { world in
            let result = try await world.run(
                "run", try world.playbook(Self.steps), "-l", "web-02", "--yes", "--output", "json")
            #expect(result.status == 0, "\(result.error)\(result.output.suffix(1500))")
            let step = result.steps.first { $0.step == "remove_daemon_pods" }
            #expect(step?.detail == "no DaemonSet's pod is left", "\(result.steps)")
            #expect(!result.output.contains("\"title\":\"delete pod "))
        }
    }

    @Test("a node that was not drained is refused")
    func undrained() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook(["cordon:", "remove_daemon_pods:"])
            let result = try await world.run("run", playbook, "-l", "web-02", "--yes")
            #expect(result.status != 0)
            #expect(result.error.contains("the node was not drained by this run"), "\(result.error)")
        }
    }
}
