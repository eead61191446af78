import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRehearsal
import FleetRun
import FleetSimulation
import Foundation

/// Plans 5,000 nodes with 150,000 pods and 2,000 budgets from memory, and rehearses the rolling maintenance of 5,000
/// nodes with 50,000 pods, 5 % in a wave and 50 at once.
///
/// Prints what it took as a share of the aim, in the processor's time so that neighbours do not count, and fails where
/// an aim is missed. `Planning plan` and `Planning rehearse` do one of them.
@main
struct PlanningBenchmark {
    private static let place = SourceLocation(file: "benchmark.yaml")
    private static let policy = WavePolicy(
        canary: .count(0), size: .percent(5), maxUnavailable: .count(50), maxUnavailablePerZone: .percent(100),
        parallelism: 50, soak: .zero)

    private let steps: [PlannedStep]
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
        steps = try StepCatalogue.decode(
            ["cordon", "drain", "verify_drained", "uncordon"].map {
                PlaybookStep(
                    kind: $0, kindLocation: Self.place, arguments: .null(at: Self.place), location: Self.place)
            })
    }

    private mutating func plan() {
        let snapshot = LargeCluster(nodes: 5_000, pods: 150_000, budgets: 2_000).snapshot
        let request = request(snapshot)
        var plan = Planner.plan(request)
        let took = ProcessorTime.of { plan = Planner.plan(request) }
        print("  \(plan.waves.count) waves, \(plan.forecast.evictions) evictions, \(plan.findings.count) findings")
        report(Aim("plan 5,000 nodes, 150,000 pods, 2,000 budgets", took, of: 1, "s of CPU"))
        if let peak = PeakMemory.gibibytes { report(Aim("memory of that plan and its cluster", peak, of: 1, "GiB")) }
    }

    private mutating func rehearse() throws {
        let snapshot = LargeCluster(nodes: 5_000, pods: 50_000, budgets: 2_000).snapshot
        let plan = Planner.plan(request(snapshot))
        let settings = RunSettings(
            id: "benchmark", actor: RunEvent.Actor(user: "bench", machine: "bench", version: "0"),
            retiring: Set(plan.targets.map(\.node)),
            evictions: EvictionPolicy(rate: Rate(500, per: .second) ?? .twentyPerSecond))
        let order = RunOrder(
            waves: plan.waves, steps: steps, policy: Self.policy, settings: settings, soon: plan.targets,
            planDigest: plan.digest, playbook: plan.playbook)
        var latencies = Rehearsal.Latencies()
        latencies.turn = .milliseconds(20)  // As `fleet rehearse` has it.
        var rehearsal = Rehearsal(order, in: ClusterSimulation(snapshot: snapshot), latencies: latencies)
        let took = ProcessorTime.of { rehearsal.play() }
        let virtual = rehearsal.time - snapshot.takenAt
        print("  \(rehearsal.events.count) facts in \(virtual.seconds / 60) virtual minutes")
        guard rehearsal.result == .done else {
            throw Failure(description: "the rehearsal did not end well: \(rehearsal.machine.state.reason)")
        }
        report(Aim("rehearse 5,000 nodes, 50,000 pods, 50 at once", took, of: 10, "s of CPU"))
    }

    private func request(_ snapshot: ClusterSnapshot) -> PlanRequest {
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
