import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRehearsal
import FleetRun
import FleetSimulation
import Foundation

/// Plans 5,000 nodes with 150,000 pods and 2,000 budgets from memory, and rehearses the rolling replacement of 5,000
/// nodes with 50,000 pods, with 5 % more nodes at first and 50 in hand at once.
///
/// Prints what it took as a share of the aim, in the processor's time so that neighbours do not count, and fails where an
/// aim is missed. `Planning plan` and `Planning rehearse` do one of them.
@main
struct PlanningBenchmark {
    private static let place = SourceLocation(file: "benchmark.yaml")
    private static let policy = WavePolicy(
        canary: .count(0), size: .percent(5), maxUnavailable: .count(50), maxUnavailablePerZone: .percent(100),
        parallelism: 50, soak: .zero)

    /// What is done to hosts that come in, and to nodes that leave.
    private let bringIn: [PlannedStep]
    private let takeOut: [PlannedStep]
    /// What is done to nodes that come back.
    private let maintain: [PlannedStep]
    private var aims: [Aim] = []

    static func main() {
        do {
            var benchmark = try PlanningBenchmark()
            let wanted = CommandLine.arguments.dropFirst()
            if wanted.isEmpty || wanted.contains("plan") { benchmark.plan() }
            if wanted.isEmpty || wanted.contains("rehearse") { try benchmark.rehearse() }
            let missed = benchmark.aims.filter { !$0.isMet }
            if !missed.isEmpty { throw Failure(description: "missed: \(missed.map(\.what).joined(separator: "; "))") }
        } catch {
            print("failed: \(error)")
            exit(1)
        }
    }

    private init() throws {
        bringIn = try Self.steps("join", "wait_ready", isForNewcomers: true)
        takeOut = try Self.steps("cordon", "drain", "verify_drained", "delete_node", isForNewcomers: false)
        maintain = try Self.steps("cordon", "drain", "verify_drained", "uncordon", isForNewcomers: false)
    }

    private static func steps(_ kinds: String..., isForNewcomers: Bool) throws -> [PlannedStep] {
        var steps = try StepCatalogue.decode(
            kinds.map {
                PlaybookStep(kind: $0, kindLocation: place, arguments: .null(at: place), location: place)
            })
        for index in steps.indices { steps[index].isForNewcomers = isForNewcomers }
        return steps
    }

    private mutating func plan() {
        let snapshot = LargeCluster(nodes: 5_000, pods: 150_000, budgets: 2_000).snapshot
        let request = request(snapshot, maintain)
        var plan = Planner.plan(request)
        let took = ProcessorTime.of { plan = Planner.plan(request) }
        print("  \(plan.waves.count) waves, \(plan.forecast.evictions) evictions, \(plan.findings.count) findings")
        report(Aim("plan 5,000 nodes, 150,000 pods, 2,000 budgets", took, of: 1, "s of CPU"))
        if let peak = PeakMemory.gibibytes { report(Aim("memory of that plan and its cluster", peak, of: 1, "GiB")) }
    }

    private mutating func rehearse() throws {
        let snapshot = LargeCluster(nodes: 5_000, pods: 50_000, budgets: 2_000).snapshot
        let plan = Planner.plan(replacement(of: snapshot))
        var simulation = ClusterSimulation(snapshot: snapshot)
        for target in plan.targets where target.isNewcomer == true {
            let node = LargeCluster.node(target.node, zone: target.zone, machineID: "machine-\(target.host)")
            _ = simulation.apply(
                .addHost(HostState(node: node, kubelet: .stopped, isJoined: false)), at: simulation.now)
        }
        var latencies = Rehearsal.Latencies()
        latencies.turn = .milliseconds(20)  // As `fleet rehearse` has it.
        var rehearsal = Rehearsal(order(plan), in: simulation, latencies: latencies)
        let took = ProcessorTime.of { rehearsal.play() }
        let virtual = rehearsal.time - snapshot.takenAt
        print("  \(rehearsal.events.count) facts in \(virtual.seconds / 60) virtual minutes")
        guard rehearsal.result == .done else {
            throw Failure(description: "the rehearsal did not end well: \(rehearsal.machine.state.reason)")
        }
        report(Aim("rehearse the replacement of 5,000 nodes, 50,000 pods", took, of: 10, "s of CPU"))
        // From a hundred nodes on kube-scheduler looks at a sample of them only, which may hold none that stays.
        let evictions = rehearsal.events.count { if case .evictionRequested = $0.event { true } else { false } }
        print("  \(Double(evictions) / Double(snapshot.pods.count)) moves a pod")
    }

    /// The run of a replacement's plan.
    private func order(_ plan: Plan) -> RunOrder {
        var settings = RunSettings(
            id: "benchmark", actor: RunEvent.Actor(user: "bench", machine: "bench", version: "0"),
            retiring: Set(plan.leavers.map(\.node)),
            evictions: EvictionPolicy(rate: Rate(500, per: .second) ?? .twentyPerSecond), clusterAuthority: "authority")
        settings.entrance = ClusterEntrance(
            endpoint: "10.0.0.1:6443", authorityPins: ["sha256:a"], seed: SecretText("s"))
        settings.inventory = plan.targets.filter { $0.isNewcomer == true }.map {
            InventoryMember(host: $0.host, node: $0.node, zone: $0.zone)
        }
        return RunOrder(
            waves: plan.waves, steps: bringIn + takeOut, policy: Self.policy, settings: settings, soon: plan.leavers,
            planDigest: plan.digest, playbook: plan.playbook)
    }

    /// The plan's request with a spare host for each node.
    private func replacement(of snapshot: ClusterSnapshot) -> PlanRequest {
        var request = request(snapshot, bringIn + takeOut)
        request.playbook.spares = "new_nodes"
        request.spares = snapshot.nodes.map { Host(name: HostName("new-\($0.name)"), zone: $0.zone) }
        return request
    }

    private func request(_ snapshot: ClusterSnapshot, _ steps: [PlannedStep]) -> PlanRequest {
        PlanRequest(
            snapshot: snapshot, playbook: PlaybookHeader(name: "benchmark", hosts: "all", waves: Self.policy),
            playbookDigest: "benchmark", steps: steps.map(\.summary),
            hosts: snapshot.nodes.map { Host(name: HostName($0.name.rawValue), zone: $0.zone, node: $0.name) })
    }

    private mutating func report(_ aim: Aim) {
        print(aim)
        aims.append(aim)
    }
}

/// Why a benchmark says nothing about speed.
private struct Failure: Error, CustomStringConvertible {
    var description: String
}

/// What was measured, and at most how much it was to be.
private struct Aim: CustomStringConvertible {
    let what: String
    private let measured: Double
    private let bound: Double
    private let unit: String

    init(_ what: String, _ measured: Double, of bound: Double, _ unit: String) {
        (self.what, self.measured, self.bound, self.unit) = (what, measured, bound, unit)
    }

    var isMet: Bool { measured <= bound }

    var description: String {
        "\(what): \(Self.short(measured / bound)) of the aim (\(Self.short(measured)) of \(Self.short(bound)) \(unit))"
    }

    private static func short(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
