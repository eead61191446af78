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
        #expect(machines.due(of: plan, finished: row.finished).map(\.host) == row.expected)
        let told: [String: Set<OperatorAct.Outcome>] = ["n1": [.asked, .done], "n2": [.asked, .failed]]
        #expect(
            machines.due(of: plan, finished: row.finished, told: told).map(\.host) == row.expected.filter { $0 == "n2" }
        )
    }

    @Test(
        "a deletion is owed from the moment it is asked for until somebody saw it done",
        arguments: [
            ([:], false, []), (["n1": [.asked]], true, ["n1"]), (["n1": [.asked, .failed]], true, ["n1"]),
            (["n1": [.asked, .done]], false, []), (["n1": [.asked, .failed, .done], "n2": [.asked]], true, ["n2"]),
        ] as [([String: Set<OperatorAct.Outcome>], Bool, [String])])
    func owed(told: [String: Set<OperatorAct.Outcome>], isOwed: Bool, again: [String]) throws {
        let wave = PlannedWave(number: 1, targets: ["n1", "n2"].map { Fixture.target($0) })
        let plan = Plan(
            cluster: "c", playbook: "replace", name: "replace", waves: [wave], policy: WavePolicy(), digest: "d")
        let machines = RetiredMachines(
            provider: HostProvider(command: ["./hosts.sh"], deletesOld: true),
            steps: try Fixture.steps([("drain", .null(at: Fixture.place)), ("delete_node", .null(at: Fixture.place))]))
        #expect(RetiredMachines.areOwed(told) == isOwed)
        #expect(machines.due(of: plan, finished: ["n1", "n2"], told: told, isAgain: true).map(\.host) == again)
    }

    @Test("one whose Node is back stays, listed or not; one that the provider does not list is gone")
    func division() {
        let targets = ["n1", "n2", "n3", "n4"].map { Fixture.target($0) }
        let parts = RetiredMachines.Division(targets, nodes: ["n1", "n2", "other"], listed: ["n1", "n3"])
        #expect(parts.kept.map(\.host) == ["n1", "n2"])
        #expect(parts.deleted.map(\.host) == ["n3"])
        #expect(parts.unlisted.map(\.host) == ["n4"])
    }
}
