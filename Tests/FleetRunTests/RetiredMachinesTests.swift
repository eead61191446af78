import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Which old machines a provider deletes: never one whose Node may still be in the cluster.
struct RetiredMachinesTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var steps: [String]
        var deletesOld: Bool?
        var finished: Set<NodeName>
        var expected: [String]

        var testDescription: String {
            "\(steps.joined(separator: ", ")), delete \(deletesOld.map(String.init) ?? "(no provider)"), finished \(finished.map(\.rawValue).sorted())"
        }
    }

    static let rows = [
        Row(steps: ["drain", "delete_node"], deletesOld: true, finished: ["n1", "n2"], expected: ["n1", "n2"]),
        // What was set aside is not finished, and newcomers are nobody's old machines.
        Row(steps: ["drain", "delete_node"], deletesOld: true, finished: ["n2", "new-1"], expected: ["n2"]),
        Row(steps: ["drain", "delete_node"], deletesOld: true, finished: [], expected: []),
        Row(steps: ["drain", "delete_node"], deletesOld: false, finished: ["n1", "n2"], expected: []),
        Row(steps: ["drain", "delete_node"], deletesOld: nil, finished: ["n1", "n2"], expected: []),
        // A playbook that leaves the Nodes in the cluster leaves their machines running.
        Row(steps: ["drain", "verify_drained"], deletesOld: true, finished: ["n1", "n2"], expected: []),
    ]

    @Test("only the machines of nodes that are finished and deleted go", arguments: rows)
    func targets(row: Row) throws {
        let newcomer = PlanTarget(host: "new-1", node: "new-1", zone: "a", isNewcomer: true)
        let waves = [[newcomer], [Fixture.target("n1"), Fixture.target("n2")]].enumerated()
            .map { PlannedWave(number: $0.offset + 1, targets: $0.element) }
        let plan = Plan(
            cluster: "c", playbook: "replace", name: "replace", waves: waves, policy: WavePolicy(), digest: "d")
        let provider = row.deletesOld.map { HostProvider(command: ["./hosts.sh"], deletesOld: $0) }
        let machines = RetiredMachines(
            provider: provider, steps: try Fixture.steps(row.steps.map { ($0, .null(at: Fixture.place)) }))
        #expect(machines.targets(of: plan, finished: row.finished).map(\.host) == row.expected)
    }
}
