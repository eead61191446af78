import FleetKubernetes
import FleetModel
import FleetRun
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// `fleet leftovers` of a machine that is lost, on what bears numbers and bounds; nodes are in `StopCommandTests`.
@Suite struct LeftoversTests {
    /// Replicas, an autoscaler's minimum and a budget's bound as a lost run left them, and replicas that somebody set since.
    private static var snapshot: ClusterSnapshot {
        var snapshot = DemoCluster.snapshot()
        for index in snapshot.workloads.indices where snapshot.workloads[index].reference.kind == .deployment {
            switch snapshot.workloads[index].reference.key {
            case ObjectKey("shop", "coupons"):
                snapshot.workloads[index].replicas = 2
                snapshot.workloads[index].annotations[Compensation.annotation] = "run=r-lost;previous=1;set=2"
            case ObjectKey("shop", "search"):
                snapshot.workloads[index].annotations[Compensation.annotation] = "run=r-lost;previous=1;set=2"
            default: break
            }
        }
        var scaler = PodAutoscaler(
            key: ObjectKey("shop", "coupons"), uid: "uid-hpa", targetKind: "Deployment", targetName: "coupons",
            minReplicas: 2, maxReplicas: 4)
        scaler.annotations[Compensation.annotation] = "run=r-lost;previous=1;set=2"
        snapshot.autoscalers.append(scaler)
        for index in snapshot.budgets.indices where snapshot.budgets[index].key == ObjectKey("shop", "frontend") {
            snapshot.budgets[index].minAvailable = nil
            snapshot.budgets[index].maxUnavailable = .count(1)
            snapshot.budgets[index].annotations[Compensation.annotation] =
                "run=r-lost;previous=minAvailable 6;set=maxUnavailable 1"
        }
        return snapshot
    }

    private func cluster(_ world: SimulatedWorld) async throws -> ClusterSnapshot {
        let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
        return try await KubernetesClient.withClient(connection: connection) { try await $0.snapshot() }
    }

    @Test("bootstrap tokens of runs are found and revoked, others' stay; where Secrets may not be read, that is told")
    func tokens() async throws {
        let own = BootstrapToken(
            id: "abcdef", secret: SecretText("0123456789abcdef"), expiresAt: Instant(seconds: 4_000_000_000),
            run: "r-lost")
        try await SimulatedWorld.with { world in
            let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
            let left = try await KubernetesClient.withClient(connection: connection) { client in
                _ = await client.perform(.createBootstrapToken(own))
                let secrets = "http://127.0.0.1:\(world.server.port)/api/v1/namespaces/kube-system/secrets"
                let foreign =
                    #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"bootstrap-token-zzzzzz"},"type":"bootstrap.kubernetes.io/token","stringData":{"description":"by hand"}}"#
                let authorization = "Authorization: Bearer secret-token-of-the-test"
                _ = try await FleetBinary.tool(
                    "curl", "-sf", "-H", authorization, "-H", "Content-Type: application/json", "-d", foreign, secrets)
                let found = try await world.run("leftovers")
                #expect(found.output.contains("bootstrap-token-abcdef") && found.output.contains("r-lost"))
                #expect(!found.output.contains("zzzzzz") && !found.output.contains("0123456789abcdef"))
                let restored = try await world.run("leftovers", "--restore")
                #expect(restored.status == 0, "\(restored.error)")
                #expect(restored.output.contains("bootstrap-token-abcdef: revoked (run r-lost)"), "\(restored.output)")
                return try await client.bootstrapTokens().map(\.id)
            }
            #expect(left == ["zzzzzz"])
        }
        let denied = [Account.Rule(verbs: ["list"], resources: ["secrets"])]
        try await SimulatedWorld.with(denied: denied) { world in
            let found = try await world.run("leftovers")
            #expect(found.status == 0 && found.error.contains("bootstrap tokens are not looked for"), "\(found.error)")
        }
    }

    @Test("replicas, minimums and bounds are set back; what somebody else set since stays, without fleet's note")
    func numbers() async throws {
        try await SimulatedWorld.with(Self.snapshot) { world in
            let found = try await world.run("leftovers", "--output", "json")
            #expect(found.status == 0, "\(found.error)")
            #expect(found.output.matches(of: /"run":"r-lost"/).count == 4, "\(found.output)")
            let restored = try await world.run("leftovers", "--restore")
            #expect(restored.status == 0, "\(restored.error)\(restored.output)")
            let after = try await cluster(world)
            let deployments = after.workloads.filter { $0.reference.kind == .deployment }
            let replicas = Dictionary(uniqueKeysWithValues: deployments.map { ($0.reference.key.name, $0.replicas) })
            #expect(replicas["coupons"] == 1 && replicas["search"] == 4, "\(replicas)")
            #expect(after.autoscalers.map(\.minReplicas) == [1])
            let budget = after.budgets.first { $0.key.name == "frontend" }
            #expect(budget?.minAvailable == .count(6) && budget?.maxUnavailable == nil)
            let notes =
                deployments.map(\.annotations) + after.autoscalers.map(\.annotations) + after.budgets.map(\.annotations)
            #expect(notes.allSatisfy { $0[Compensation.annotation] == nil })
            let acts = try await world.fleet.run("journal", "acts", "--output", "json")
            #expect(acts.output.matches(of: /"what":"leftovers --restore"/).count == 4, "\(acts.output)\(acts.error)")
            #expect(acts.output.contains("PodDisruptionBudget shop/frontend: "), "\(acts.output)")
            #expect(try await world.run("leftovers").output.contains("nothing of fleet's is left"))
        }
    }
}
