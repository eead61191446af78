import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRehearsal
import FleetRun
import FleetSimulation

/// Plans 5,000 nodes with 150,000 pods and 2,000 budgets from memory, and rehearses a rolling maintenance of 5,000 nodes
/// with 50,000 pods, 50 at once; prints seconds, and fails where an aim is missed.
@main
struct PlanningBenchmark {
    /// An aim that was missed.
    struct Missed: Error, CustomStringConvertible {
        var description: String
    }

    private static let place = SourceLocation(file: "benchmark.yaml")
    private static let policy = WavePolicy(
        canary: .count(0), size: .percent(5), maxUnavailable: .count(50), maxUnavailablePerZone: .percent(100),
        parallelism: 50, soak: .zero)

    static func main() throws {
        let steps = try StepCatalogue.decode(
            ["cordon", "drain", "verify_drained", "uncordon"].map {
                PlaybookStep(kind: $0, kindLocation: place, arguments: .null(at: place), location: place)
            })
        try plan(steps)
        try rehearse(steps)
    }

    private static func plan(_ steps: [PlannedStep]) throws {
        let snapshot = LargeCluster(nodes: 5_000, pods: 150_000, budgets: 2_000).snapshot
        let request = request(snapshot, steps)
        var plan = Planner.plan(request)
        let took = ContinuousClock().measure { plan = Planner.plan(request) }
        print("  \(plan.waves.count) waves, \(plan.forecast.evictions) evictions, \(plan.findings.count) findings")
        try report("plan 5,000 nodes x 150,000 pods x 2,000 budgets", took, aim: 1)
    }

    private static func rehearse(_ steps: [PlannedStep]) throws {
        let snapshot = LargeCluster(nodes: 5_000, pods: 50_000, budgets: 2_000).snapshot
        let plan = Planner.plan(request(snapshot, steps))
        let settings = RunSettings(
            id: "benchmark", actor: RunEvent.Actor(user: "bench", machine: "bench", version: "0"),
            retiring: Set(plan.targets.map(\.node)),
            evictions: EvictionPolicy(rate: Rate(500, per: .second) ?? .twentyPerSecond))
        let order = RunOrder(
            waves: plan.waves, steps: steps, policy: policy, settings: settings, soon: plan.targets,
            planDigest: plan.digest,
            playbook: plan.playbook)
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot))
        let took = ContinuousClock().measure { rehearsal.play() }
        let virtual = rehearsal.time - snapshot.takenAt
        print(
            "  \(rehearsal.result.map(\.rawValue) ?? "unfinished"), \(rehearsal.events.count) facts, \(virtual) virtual"
        )
        guard rehearsal.result == .done else {
            throw Missed(description: "the rehearsal did not end well: \(rehearsal.machine.state.reason)")
        }
        try report("rehearse 5,000 nodes, 50,000 pods, 50 at once", took, aim: 10)
    }

    private static func request(_ snapshot: ClusterSnapshot, _ steps: [PlannedStep]) -> PlanRequest {
        PlanRequest(
            snapshot: snapshot, playbook: PlaybookHeader(name: "benchmark", hosts: "all", waves: policy),
            playbookDigest: "benchmark", steps: steps.map(\.summary),
            hosts: snapshot.nodes.map { Host(name: HostName($0.name.rawValue), zone: $0.zone, node: $0.name) })
    }

    private static func report(_ what: String, _ took: Duration, aim: Double) throws {
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        let text = "\(what): \((seconds * 100).rounded() / 100) s (aim \(aim) s)"
        print(text)
        if seconds > aim { throw Missed(description: text) }
    }
}
