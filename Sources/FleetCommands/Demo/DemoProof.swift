import FleetModel
import FleetReport

/// What is read back from the world after the demo: rows that each hold or not.
struct DemoProof: Sendable, Report {
    /// One claim and what was seen.
    struct Row: Sendable, Encodable {
        var claim: String
        var seen: String
        var holds: Bool
    }

    /// `fleet.demo-proof/v1`.
    struct Document: Encodable {
        var schema = "fleet.demo-proof/v1"
        var rows: [Row]
    }

    private(set) var rows: [Row] = []

    /// Whether every row holds.
    var holds: Bool { rows.allSatisfy(\.holds) }

    mutating func add(_ claim: String, _ seen: String, _ holds: Bool) {
        rows.append(Row(claim: claim, seen: seen, holds: holds))
    }

    var document: Document { Document(rows: rows) }

    func text(_ style: TextStyle) -> String {
        var table = TextTable(["proof, read back from the world", "seen", ""])
        for row in rows {
            table.add([
                TextTable.Cell(row.claim), TextTable.Cell(row.seen),
                row.holds ? TextTable.Cell("ok", .good) : TextTable.Cell("BROKEN", .bad),
            ])
        }
        return table.text(style)
    }
}

extension DemoProof {
    /// Looks at the API, the hosts, the workloads and the budgets.
    static func read(
        from world: DemoWorld, targets: [NodeName], cluster: ClusterSnapshot, headroom: HeadroomWatch, evictions: Int,
        refused: Int
    ) async throws -> DemoProof {
        var proof = DemoProof()
        proof.addNodes(targets, cluster)
        for target in targets { try await proof.addHost(target, world) }
        let untouched = world.before.nodes.map(\.name).first { !targets.contains($0) }
        if let untouched { try await proof.addUntouchedHost(untouched, world) }
        proof.addWorkloads(world.before, cluster)
        proof.addBudgets(headroom)
        proof.addMoves(targets, world.before, evictions: evictions, refused: refused)
        return proof
    }

    private mutating func addNodes(_ targets: [NodeName], _ cluster: ClusterSnapshot) {
        let left = cluster.nodes.map(\.name).filter(targets.contains)
        add(
            "Nodes \(NodeSet(targets)) are gone from the API",
            left.isEmpty ? "\(cluster.nodes.count) Nodes left, none of them" : "still there: \(NodeSet(left))",
            left.isEmpty
        )
        let marked = cluster.nodes.filter { $0.isCordoned || $0.taints.contains { $0.key.hasPrefix("fleet.run/") } }
        add(
            "the other Nodes are schedulable and untainted",
            marked.isEmpty ? "all \(cluster.nodes.count)" : "marked: \(NodeSet(marked.map(\.name)))", marked.isEmpty
        )
    }

    private static let look = """
        for path in /etc/cni/net.d /var/lib/cni /var/lib/kubelet /etc/kubernetes; do
            if [ -d "$path" ] && [ -n "$(ls -A "$path")" ] || [ -f "$path" ]; then echo "left=$path"; fi
        done
        rules=$( (iptables-save; ip6tables-save) 2>/dev/null | sed 's/"[^"]*"//g' | grep -cE '(^:|-A |-j )(KUBE-|CNI-|cali-)')
        echo "rules=$rules"
        """

    private mutating func addHost(_ target: NodeName, _ world: DemoWorld) async throws {
        let reading = try await world.hosts.read(target.rawValue, Self.look)
        let lines = reading.output.split(separator: "\n").map(String.init)
        let left = lines.filter { $0.hasPrefix("left=") }.map { String($0.dropFirst(5)) }
        let rules = lines.first { $0.hasPrefix("rules=") }.map { String($0.dropFirst(6)) } ?? "?"
        add(
            "host \(target): Kubernetes' directories and chains are gone",
            "\(left.isEmpty ? "no directory" : left.joined(separator: " ")), \(rules) rules",
            left.isEmpty && rules == "0"
        )
    }

    private mutating func addUntouchedHost(_ name: NodeName, _ world: DemoWorld) async throws {
        let reading = try await world.hosts.read(name.rawValue, Self.look)
        let isWhole = reading.output.contains("left=/var/lib/kubelet") && !reading.output.contains("rules=0\n")
        add(
            "host \(name), no target, is as it was", isWhole ? "directories and rules in place" : reading.output,
            isWhole)
    }

    private mutating func addWorkloads(_ before: ClusterSnapshot, _ after: ClusterSnapshot) {
        let wanted: Set<WorkloadKind> = [.deployment, .statefulSet]
        let now = Dictionary(after.workloads.map { ($0.reference.uid, $0) }, uniquingKeysWith: { first, _ in first })
        var bad: [String] = []
        for workload in before.workloads where wanted.contains(workload.reference.kind) {
            guard let current = now[workload.reference.uid], current.replicas == workload.replicas,
                current.readyReplicas == workload.replicas, current.annotations["fleet.run/temporary"] == nil
            else {
                bad.append(workload.reference.description)
                continue
            }
        }
        let count = before.workloads.count { wanted.contains($0.reference.kind) }
        add(
            "every workload has its own replicas again, all Ready",
            bad.isEmpty ? "\(count) of \(count)" : "not: \(bad.joined(separator: ", "))", bad.isEmpty
        )
    }

    private mutating func addBudgets(_ headroom: HeadroomWatch) {
        for (key, seen) in headroom.all {
            add(
                "budget \(key) was never broken",
                "lowest headroom \(seen.least) above \(seen.desired) healthy", seen.least >= 0
            )
        }
    }

    private mutating func addMoves(_ targets: [NodeName], _ before: ClusterSnapshot, evictions: Int, refused: Int) {
        let pods = before.pods.count { pod in
            guard let node = pod.nodeName, targets.contains(node) else { return false }
            return !pod.isDaemon && !pod.isMirror && !pod.isFinished
        }
        let moves = pods == 0 ? 0 : (evictions * 100 + pods / 2) / pods
        add(
            "every pod moved once",
            "\(evictions) moves of \(pods) pods: \(moves / 100).\(moves % 100 < 10 ? "0" : "")\(moves % 100) a pod",
            evictions >= pods && moves <= 110
        )
        add("no eviction was refused (429)", "\(refused)", refused == 0)
    }
}
