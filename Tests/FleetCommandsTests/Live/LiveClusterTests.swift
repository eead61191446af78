import FleetCommands
import Foundation
import NIOHTTP1
import Testing

/// The main job against a real control plane and a real sshd, as an operator types it.
@Suite(
    .serialized, .needsHosts,
    .enabled(
        if: ControlPlane.assets != nil,
        "needs a real control plane: KUBEBUILDER_ASSETS names a folder with etcd, kube-apiserver, kube-controller-manager and kube-scheduler"
    )
)
struct LiveClusterTests {
    @Test(
        "decommission, wave by wave: nodes gone, hosts clean, one move a pod, no eviction refused, a single replica never down",
        .timeLimit(.minutes(10)))
    func decommission() async throws {
        try await LiveWorld.with { world in
            let targets = try await world.targets()
            let moving = try await world.movingPods(on: targets)
            let since = try world.audit().count
            // The single replica has a Ready pod at every instant (D8).
            let single = LiveReadiness(app: "coupons")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [api = world.api] in try await single.follow(api) }
                defer { group.cancelAll() }
                try await eventually("the single replica is followed") { await single.least != nil }
                for wave in 1...3 {
                    let limit = wave == 1 ? ["-l", targets.joined(separator: ",")] : []
                    let run = try await world.fleet("run", [world.playbook, "--wave", "\(wave)", "--yes"] + limit)
                    try #require(run.status == 0, "wave \(wave): \(run.error)")
                }
            }
            let (least, most) = (await single.least, await single.most)
            #expect(least == 1 && most == 2)
            let audit = try world.audit().dropFirst(since).filter(\.isFleets)
            try await expectNodes(world, without: targets)
            try await expectCleanHosts(world, targets)
            try await expectWorkloads(world)
            let evictions = audit.filter { $0.objectRef?.subresource == "eviction" }
            #expect(evictions.allSatisfy { $0.responseStatus?.code == 201 })
            // The single replica is surged: one more pod, and one of the two goes.
            #expect(evictions.count >= moving.count && evictions.count <= moving.count + 1)
            let requests = audit.filter { $0.verb != "watch" }
            let kinds = Dictionary(requests.map { ($0.title, 1) }, uniquingKeysWith: +).sorted { $0.value > $1.value }
            print(
                "live: \(evictions.count) evictions of \(moving.count) pods, \(requests.count) requests beside watches:"
            )
            // Each of the three runs reads each list once, or as the beginning of a watch, and asks whether it may do what it
            // will; each node is patched a few times, and an Event says what was done to it.
            #expect(kinds.allSatisfy { !$0.key.hasPrefix("list ") || $0.value <= 3 })
            // The Lease is renewed for as long as the runs take, which is the machine's to say.
            let work = requests.filter { $0.objectRef?.resource != "leases" }
            #expect(work.count <= evictions.count + 3 * (13 + 4) + (8 + 1) * targets.count)
            for (title, count) in kinds { print("live:  \(count) \(title)") }
        }
    }

    @Test(
        "single replicas under an autoscaler and of a StatefulSet are never down, and a budget that keeps every pod is adjusted, and set back",
        .timeLimit(.minutes(10)))
    func singleReplicas() async throws {
        try await LiveWorld.with { world in
            try await LiveWorkloads.createSingles(world.api)
            let apps = ["vouchers", "beacon"]
            try await eventually("the single replicas are Ready") {
                try await world.pods(of: apps).count { $0.isReady } == 2
            }
            try await world.api.patch(LiveWorkloads.ledgerBudget, #"{"spec":{"minAvailable":3}}"#)
            let pods = try await world.pods(of: apps + ["ledger"])
            let targets = Set(
                pods.filter { !$0.metadata.name.hasPrefix("ledger-") || $0.metadata.name == "ledger-0" }
                    .compactMap(\.spec.nodeName)
            ).sorted()
            let playbook = try world.plane.folder.write(
                """
                name: give-back
                hosts: kube_node
                waves: {canary: 1, size: 1, max_unavailable: 25%, soak: 1s}
                evictions: {rate: 20/s, timeout: 5m}
                steps:
                  - cordon:
                  - surge_single_replicas:
                  - adjust_budget: {budgets: [shop/ledger], max_unavailable: 1}
                  - drain: {delete_emptydir_data: true}
                  - verify_drained:
                  - uncordon:
                """, to: "give-back.yaml")
            let watched = apps.map { LiveReadiness(app: $0) }
            let since = try world.audit().count
            try await withThrowingTaskGroup(of: Void.self) { group in
                for single in watched { group.addTask { [api = world.api] in try await single.follow(api) } }
                defer { group.cancelAll() }
                for single in watched {
                    try await eventually("a single replica is followed") { await single.least != nil }
                }
                let run = try await world.fleet(
                    "run", [playbook, "-l", targets.joined(separator: ","), "--yes", "--output", "json"])
                try #require(run.status == 0, "\(run.error)")
                let adjusted = run.steps.filter { $0.step == "adjust_budget" && $0.changed }
                #expect(!adjusted.isEmpty, "\(run.steps)")
            }
            for single in watched {
                let (least, most) = (await single.least, await single.most)
                #expect(
                    least == 1 && most == 2, "\(single.app): from \(least.map(String.init) ?? "nothing") to \(most)")
            }
            let moved = try world.audit().dropFirst(since).filter {
                $0.isFleets && $0.objectRef?.subresource == "eviction" && $0.responseStatus?.code == 201
            }
            #expect(moved.count >= 3, "both single replicas and a member of ledger were evicted")
            let budget: LiveBudget = try await world.api.read(LiveWorkloads.ledgerBudget)
            #expect(budget.spec.minAvailable == 3 && budget.spec.maxUnavailable == nil)
            #expect(budget.metadata.annotations?["fleet.run/temporary"] == nil)
            let autoscaler: LiveAutoscaler = try await world.api.read(LiveWorkloads.vouchersAutoscaler)
            #expect(autoscaler.spec.minReplicas == 1)
            #expect(autoscaler.metadata.annotations?["fleet.run/temporary"] == nil)
            let sets = try await world.api.list("/apis/apps/v1/namespaces/shop/statefulsets", of: LiveWorkload.self)
            #expect(sets.first { $0.metadata.name == "beacon" }?.spec.replicas == 1)
        }
    }

    @Test("the server's own words for a missing permission and a wrong token", .timeLimit(.minutes(5)))
    func refusals() async throws {
        try await LiveWorld.with { world in
            let account = #"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"nobody"}}"#
            try await world.api.create("/api/v1/namespaces/shop/serviceaccounts", account)
            let request =
                #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}"#
            let answer = try await world.api.send(
                .POST, "/api/v1/namespaces/shop/serviceaccounts/nobody/token", request)
            let token = try JSONDecoder().decode(TokenRequest.self, from: answer.body).status.token
            let forbidden = try await world.fleet("plan", [world.playbook, "-l", "node-01"], token: token)
            #expect(forbidden.status == 1)
            #expect(forbidden.error.contains("system:serviceaccount:shop:nobody"), "\(forbidden.error)")
            #expect(forbidden.error.contains("cannot list resource") || forbidden.error.contains("cannot get resource"))
            #expect(!forbidden.error.contains(token))
            let expired = try await world.fleet("plan", [world.playbook, "-l", "node-01"], token: "no-such-token")
            #expect(expired.status == 1)
            #expect(expired.error.contains("Unauthorized"), "\(expired.error)")
            #expect(!expired.error.contains("no-such-token"))
        }
    }

    @Test(
        "a host joins with a token that the control plane signs for and takes for system:bootstrap, and refuses once it is revoked",
        .timeLimit(.minutes(5)))
    func join() async throws {
        try await ControlPlane.with { plane in
            let host = SandboxHost(
                name: "new-1", role: .fresh, internalIP: "10.0.0.21", clusterCertificate: plane.authority)
            let hosts = try await SandboxFleet.start(hosts: [host], directory: "\(plane.folder.path)/hosts")
            do {
                try await LiveAPI.with(plane) { api in try await LiveJoin(plane: plane, api: api, hosts: hosts).play() }
                await hosts.stop()
            } catch {
                await hosts.stop()
                throw error
            }
        }
    }

    private struct TokenRequest: Decodable {
        struct Status: Decodable { var token: String }
        var status: Status
    }

    private func expectNodes(_ world: LiveWorld, without targets: [String]) async throws {
        let nodes = try await world.api.list("/api/v1/nodes", of: LiveNode.self)
        #expect(nodes.count == 12 - targets.count)
        #expect(nodes.allSatisfy { !targets.contains($0.metadata.name) })
        #expect(
            nodes.allSatisfy {
                $0.spec.unschedulable != true && $0.spec.taints?.contains { $0.key.hasPrefix("fleet.run/") } != true
            })
    }

    private func expectCleanHosts(_ world: LiveWorld, _ targets: [String]) async throws {
        let look = """
            for path in /etc/cni/net.d /var/lib/cni /var/lib/kubelet /etc/kubernetes; do
                [ ! -e "$path" ] || [ -z "$(ls -A "$path")" ] || echo "$path"
            done
            iptables-save | sed 's/"[^"]*"//g' | grep -c KUBE- ; systemctl is-active kubelet; exit 0
            """
        for name in targets {
            let seen = try await world.hosts.read(name, look)
            #expect(seen.output == "0\ninactive\n", "\(name)")
        }
    }

    private func expectWorkloads(_ world: LiveWorld) async throws {
        for kind in ["deployments", "statefulsets"] {
            let workloads = try await world.api.list("/apis/apps/v1/namespaces/shop/\(kind)", of: LiveWorkload.self)
            for workload in workloads {
                #expect(workload.status.readyReplicas == workload.spec.replicas, "\(workload.metadata.name)")
                #expect(workload.metadata.annotations?["fleet.run/temporary"] == nil)
                if workload.metadata.name == "coupons" { #expect(workload.spec.replicas == 1) }
            }
        }
    }
}
