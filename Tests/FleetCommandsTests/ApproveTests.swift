import FleetModel
import FleetSimulation
import FleetSimulationServer
import Testing

/// An approve step as an operator meets it: exit code 75 with the name, and the run goes on once it is said.
@Suite(.serialized) struct ApproveTests {
    @Test("a run waits for a person by name, and goes on when resumed with it")
    func approve() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook(["cordon:", "approve: {name: go-on, message: look first}", "uncordon:"])
            let stopped = try await world.run("run", playbook, "-l", "web-02", "--yes")
            #expect(stopped.status == 75, "\(stopped.error)")
            #expect(stopped.error.contains("look first") && stopped.error.contains("--approve go-on"))
            let cordoned = await world.server.simulation.nodes.first { $0.name == "web-02" }?.isCordoned
            #expect(cordoned == true)
            let other = try await world.run("run", playbook, "-l", "web-02", "--yes", "--approve", "other")
            #expect(other.status == 75, "\(other.error)")
            let done = try await world.run("run", playbook, "-l", "web-02", "--yes", "--approve", "go-on")
            #expect(done.status == 0, "\(done.error)")
            let after = await world.server.simulation.nodes.first { $0.name == "web-02" }
            #expect(after?.isCordoned == false)
        }
    }
}
