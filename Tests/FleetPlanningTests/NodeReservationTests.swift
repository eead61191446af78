import FleetModel
import Testing

@testable import FleetPlanning

/// What nodes keep back for the system and the kubelet (E12) is told where hosts join.
@Suite("Reservations of nodes")
struct NodeReservationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var capacity = Resources(milliCPU: 8000, memory: 32 << 30)
        var allocatable: Resources
        var isMissing: Bool
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "allocatable is capacity", allocatable: Resources(milliCPU: 8000, memory: 32 << 30), isMissing: true),
        Row(
            name: "only the eviction threshold",
            allocatable: Resources(milliCPU: 8000, memory: (32 << 30) - (100 << 20)),
            isMissing: true),
        Row(name: "memory", allocatable: Resources(milliCPU: 8000, memory: 31 << 30), isMissing: false),
        Row(name: "cpu", allocatable: Resources(milliCPU: 7500, memory: 32 << 30), isMissing: false),
        Row(name: "a Node that says nothing yet", capacity: .zero, allocatable: .zero, isMissing: false),
    ]

    @Test("kept back", arguments: rows)
    func isMissing(_ row: Row) {
        var node = Node(name: "n", uid: "u")
        (node.capacity, node.allocatable) = (row.capacity, row.allocatable)
        #expect(NodeReservation.isMissing(on: node) == row.isMissing)
    }

    /// Hosts that join a cluster of three workers.
    private func findings(bare: Int, steps: [StepSummary]) -> [Finding] {
        var world = PlanningWorld()
        world.addNodes("old", 3)
        for index in world.snapshot.nodes.indices {
            world.snapshot.nodes[index].capacity = Resources(milliCPU: 8000, memory: 32 << 30)
            world.snapshot.nodes[index].allocatable =
                index < bare ? world.snapshot.nodes[index].capacity : Resources(milliCPU: 7000, memory: 30 << 30)
        }
        world.steps = steps
        world.hosts = [Host(name: "new", zone: "a")]
        return world.findings(.nodeReservations)
    }

    @Test("told where most workers keep nothing back and the playbook does not see to it")
    func told() {
        let join = StepSummary(kind: "join", touchesHost: true, joins: true)
        let found = findings(bare: 2, steps: [join])
        #expect(found.map(\.severity) == [.warning])
        #expect(found.first?.message.hasPrefix("2 of 3 workers keep nothing back") == true)
        #expect(found.first?.remedy.contains("systemReserved: {cpu: 500m, memory: 1Gi}") == true)
        #expect(findings(bare: 1, steps: [join]) == [])
        #expect(findings(bare: 3, steps: [join, StepSummary(kind: "kubelet_config", touchesHost: true)]) == [])
        #expect(findings(bare: 3, steps: [StepSummary(kind: "cordon", cordons: true)]) == [])
    }
}
