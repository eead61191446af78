import FleetCommands
import FleetModel
import FleetSimulationServer
import Foundation
import Testing

@testable import FleetSimulation

/// `playbooks/decommission.yaml` as it is shipped, for a user who may do what `fleet rbac` prints and nothing else.
@Suite("fleet run decommission", .serialized, .needsHosts)
struct DecommissionRunTests {
    /// Six nodes; a budget, volumes, and three single replicas on one node: a Deployment, one that an autoscaler scales, and
    /// a StatefulSet.
    private static func cluster() -> ClusterSnapshot {
        var builder = ClusterBuilder(seed: 3, at: Instant(seconds: 1_767_225_600))
        for number in 1...6 {
            let zone = Zone("eu-1\(["a", "b", "c"][(number - 1) % 3])")
            builder.addNode("web-\(number)", zone: zone, number: number)
        }
        builder.addDaemonSet("kube-system", "kube-proxy", milliCPU: 50)
        builder.addDeployment("shop", "coupons", replicas: 1, milliCPU: 100)
        builder.addDeployment("shop", "vouchers", replicas: 1, milliCPU: 100)
        builder.add(
            PodAutoscaler(
                key: ObjectKey("shop", "vouchers"), uid: "hpa-vouchers", targetKind: "Deployment",
                targetName: "vouchers", minReplicas: 1, maxReplicas: 4))
        builder.addDeployment("shop", "cart", replicas: 6, milliCPU: 100)
        builder.addBudget("shop", "cart", maxUnavailable: .count(1))
        builder.addStatefulSet("pay", "ledger", replicas: 3, milliCPU: 100, claim: "data")
        builder.addStatefulSet("shop", "sessions", replicas: 1, milliCPU: 100, claim: nil)
        var snapshot = builder.snapshot()
        for index in snapshot.pods.indices where singles.contains(snapshot.pods[index].labels["app"] ?? "") {
            snapshot.pods[index].nodeName = "web-1"
        }
        for index in snapshot.workloads.indices where snapshot.workloads[index].reference.key.name == "sessions" {
            snapshot.workloads[index].annotations["fleet.run/surge"] = "true"
        }
        return snapshot
    }

    private static let singles = ["coupons", "vouchers", "sessions"]

    @Test(
        "with the printed roles alone: nodes gone, hosts clean, single replicas set back; no permission is idle",
        .timeLimit(.minutes(5)))
    func leastPrivilege() async throws {
        let cluster = Self.cluster()
        let targets: Set<NodeName> = ["web-1", "web-2"]
        let printed = try await PrintedRoles(of: HostWorld.shipped("decommission"))
        let hosts = HostWorld.hosts(of: targets.sorted(), in: cluster)
        try await HostWorld.with(hosts, snapshot: cluster, allowed: printed.rules) { world in
            let playbook = try world.quickened("decommission")
            let inventory = try world.inventory()
            let limit = targets.sorted().map(\.rawValue).joined(separator: ",")
            let result = try await world.linked {
                try await world.run("run", playbook, "-i", inventory, "-l", limit, "--yes", "--output", "json")
            }
            #expect(result.status == 0, "\(result.error)\n\(result.output.suffix(2000))")
            let audit = await world.server.audit
            #expect(printed.unpermitted(in: audit) == [])
            // What is permitted for API servers that stream no lists is not needed with this one.
            let idle = printed.unused(in: audit)
            #expect(idle.filter { !$0.hasPrefix("list ") } == ["get leases", "get namespaces"])

            let after = try await world.snapshot()
            #expect(after.nodes.map(\.name).filter(targets.contains) == [])
            #expect(after.nodes.allSatisfy { !$0.isCordoned && $0.taints.isEmpty })
            for name in ["coupons", "sessions"] {
                let single = after.workloads.first { $0.reference.key.name == name }
                #expect(single?.replicas == 1 && single?.annotations["fleet.run/temporary"] == nil, "\(name)")
            }
            // Raised and set back; a restoration that met a newer version of its object was sent again.
            #expect(audit.requests("patch", "deployments") >= 2 && audit.requests("patch", "statefulsets") >= 2)
            #expect(after.autoscalers.map(\.minReplicas) == [1])
            #expect(after.autoscalers.allSatisfy { $0.annotations["fleet.run/temporary"] == nil })
            #expect(audit.requests("patch", "horizontalpodautoscalers") >= 2)
            for host in hosts {
                let left = try await world.hosts.read(
                    host.name,
                    """
                    for path in /etc/cni/net.d /var/lib/cni /var/lib/kubelet /etc/kubernetes; do
                        [ ! -e "$path" ] || ls -A "$path"
                    done
                    iptables-save | sed 's/"[^"]*"//g' | grep -c KUBE- ; systemctl is-active kubelet; exit 0
                    """)
                #expect(left.output == "0\ninactive\n", "\(host.name)")
            }
        }
    }
}
