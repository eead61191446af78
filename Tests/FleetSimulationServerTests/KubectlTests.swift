import FleetModel
import FleetSimulation
import Foundation
import Testing

@testable import FleetSimulationServer

/// Real kubectl against the simulated cluster, over HTTP.
@Suite(.serialized, .enabled(if: Kubectl.isPresent, "kubectl is not on PATH"))
struct KubectlTests {
    /// A served cluster of four nodes with a Deployment of six pods under a budget.
    private func withCluster(_ body: (SimulationServer, Kubectl) async throws -> Void) async throws {
        let nodes = (0..<4).map { SimulatedWorld.node($0 + 1) }
        let start = Instant(seconds: Int64(Date().timeIntervalSince1970))
        let simulation = ClusterSimulation(
            snapshot: ClusterSnapshot(takenAt: start, nodes: nodes), settings: .quick())
        let server = try await SimulationServer.start(
            simulation: simulation, settings: SimulationServer.Settings(accounts: [SimulatedWorld.admin]))
        let kubectl = try Kubectl(server.kubeconfig())
        do {
            try await body(server, kubectl)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private static let workload = """
        {"apiVersion":"v1","kind":"List","items":[
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"default"},"spec":{"replicas":6,
        "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{
        "terminationGracePeriodSeconds":1,"containers":[{"name":"main","image":"registry.invalid/web"}]}}}},
        {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"web","namespace":"default"},"spec":{
        "maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}}]}
        """

    private func deploy(_ kubectl: Kubectl) async throws {
        try await kubectl("apply", "-f", kubectl.write(Self.workload))
        try await kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    }

    @Test func getsAndDescribes() async throws {
        try await withCluster { _, kubectl in
            try await deploy(kubectl)
            let nodes = try await kubectl("get", "nodes")
            #expect(nodes.hasPrefix("NAME      STATUS   ROLES    AGE"))
            #expect(nodes.contains("node001   Ready    worker"))
            #expect(try await kubectl("get", "nodes", "-o", "wide").contains("127.0.1.2"))
            #expect(try await kubectl("get", "pods", "-o", "json").contains("\"kind\": \"List\""))
            let all = try await kubectl("get", "deployments,replicasets,statefulsets,daemonsets,pdb,namespaces", "-A")
            #expect(all.contains("deployment.apps/web   6/6"))
            #expect(all.contains("ALLOWED DISRUPTIONS"))
            let described = try await kubectl("describe", "node", "node001")
            #expect(described.contains("topology.kubernetes.io/zone=b"))
            #expect(described.contains("HolderIdentity:  node001"))
            #expect(try await kubectl("version").contains("Server Version: v1.36.0"))
            #expect(try await kubectl("api-resources").contains("poddisruptionbudgets"))
        }
    }

    @Test func cordonsLabelsTaintsScalesAndDeletes() async throws {
        try await withCluster { _, kubectl in
            try await deploy(kubectl)
            #expect(try await kubectl("cordon", "node001") == "node/node001 cordoned\n")
            #expect(try await kubectl("get", "node", "node001").contains("Ready,SchedulingDisabled"))
            #expect(try await kubectl("get", "events").contains("NodeNotSchedulable"))
            #expect(try await kubectl("uncordon", "node001") == "node/node001 uncordoned\n")
            #expect(
                try await kubectl("label", "node", "node002", "pool=blue", "--overwrite") == "node/node002 labeled\n")
            #expect(try await kubectl("get", "nodes", "-l", "pool=blue", "-o", "name") == "node/node002\n")
            #expect(try await kubectl("taint", "node", "node002", "a=b:NoSchedule") == "node/node002 tainted\n")
            #expect(try await kubectl("taint", "node", "node002", "a-") == "node/node002 untainted\n")
            #expect(try await kubectl("scale", "deployment/web", "--replicas=7") == "deployment.apps/web scaled\n")
            try await kubectl("rollout", "status", "deployment/web", "--timeout=30s")
            #expect(try await kubectl("delete", "node", "node004") == "node \"node004\" deleted\n")
            #expect(try await kubectl("get", "nodes", "-o", "name").split(separator: "\n").count == 3)
        }
    }

    @Test func drainsWhileBudgetsPushBack() async throws {
        try await withCluster { server, kubectl in
            try await deploy(kubectl)
            let output = try await kubectl("drain", "node001", "node002", "--ignore-daemonsets", "--timeout=60s")
            #expect(output.contains("node/node001 drained"))
            #expect(output.contains("node/node002 drained"))
            let left = try await kubectl("get", "pods", "--field-selector", "spec.nodeName=node001", "-o", "name")
            #expect(left.isEmpty)
            let audit = await server.audit
            #expect(audit.evictions > 0)
            #expect(audit.requests(by: "kubectl") > audit.evictions)
        }
    }

    @Test func followsAWatch() async throws {
        try await withCluster { server, kubectl in
            async let watched = kubectl("get", "nodes", "-w", "--request-timeout=2s", mayFail: true)
            try await Task.sleep(for: .milliseconds(700))
            let patch = NodePatch(isCordoned: true)
            let node = try #require(await server.simulation.node("node003"))
            await server.perform(.request(.patchNode("node003", uid: node.uid, patch), dryRun: false))
            let text = try await watched
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("node003") }
            #expect(lines.count >= 2)
            #expect(lines.last?.contains("SchedulingDisabled") == true)
        }
    }

    @Test func readsARefusal() async throws {
        try await withCluster { server, _ in
            let account = Account(
                user: "jane", token: "jane-token", denied: [Account.Rule(verbs: ["patch"], resources: ["nodes"])])
            await server.add(account)
            let kubectl = try Kubectl(server.kubeconfig(for: account))
            let text = try await kubectl("cordon", "node001", mayFail: true)
            #expect(
                text.contains("User \"jane\" cannot patch resource \"nodes\" in API group \"\" at the cluster scope"))
        }
    }
}
