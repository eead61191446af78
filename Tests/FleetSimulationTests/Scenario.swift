import FleetModel
import FleetSimulation

/// A simulation with a hand on its clock.
struct Scenario {
    var simulation: ClusterSimulation
    var now: Instant

    init(_ snapshot: ClusterSnapshot, settings: SimulationSettings = .quick()) {
        simulation = ClusterSimulation(snapshot: snapshot, settings: settings)
        now = snapshot.takenAt
    }

    @discardableResult
    mutating func wait(_ duration: Duration) -> [SimulationChange] {
        now = now + duration
        return simulation.advance(to: now)
    }

    @discardableResult
    mutating func perform(_ command: SimulationCommand) -> SimulationReaction { simulation.apply(command, at: now) }

    mutating func evict(_ key: ObjectKey, uid: ObjectUID? = nil, isDryRun: Bool = false) -> SimulationReply {
        perform(.evict(key, DeleteOptions(isDryRun: isDryRun, uid: uid))).reply
    }

    func pods(_ namespace: String, app: String) -> [Pod] {
        simulation.pods.filter { $0.key.namespace == namespace && $0.labels["app"] == app }
    }

    /// The healthy pods of a budget, counted without the simulation's own counters.
    func healthy(_ budget: PodDisruptionBudget) -> Int {
        simulation.pods.count { budget.selects($0) && $0.isReady && !$0.isTerminating }
    }
}

extension SimulationReply {
    var refusal: SimulationRefusal? {
        guard case .refused(let refusal) = self else { return nil }
        return refusal
    }

    var isDone: Bool {
        guard case .done = self else { return false }
        return true
    }
}
