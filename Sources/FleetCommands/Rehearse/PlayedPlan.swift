import FleetModel
import FleetPlanning
import FleetRehearsal
import FleetReport
import FleetRun
import FleetSimulation

/// A plan with the cluster that it is played against.
struct PlayedPlan {
    /// What is played.
    let planned: SnapshotPlan
    /// Where the cluster's state came from.
    let source: String

    init(_ planned: SnapshotPlan, source: String) {
        self.planned = planned
        self.source = source
    }

    /// The hosts of a rehearsal trust this CA; that of the real ones is asked by the run.
    private static let authority = "rehearsed"

    /// Plays it to its end.
    func play(_ world: WorldSettings) -> RehearsalStory {
        let start = identified(planned.request.snapshot)
        let waves = identified(planned.plan.waves)
        var simulation = ClusterSimulation(snapshot: start, settings: world.simulation)
        addHosts(of: waves.flatMap(\.targets), to: &simulation)
        let order = order(waves, world)
        var rehearsal = Rehearsal(order, in: simulation, latencies: world.latencies)
        rehearsal.play(world.faults.flatMap(\.troubles), atMost: world.longest ?? Self.longest(order))
        return RehearsalStory(
            plan: planned.plan, retired: retired(rehearsal).map(\.host), events: rehearsal.events,
            readings: rehearsal.readings,
            span: start.takenAt...max(start.takenAt, rehearsal.time), source: source, seed: world.simulation.seed,
            conditions: world.conditions)
    }

    /// The machines that a provider would be asked to delete, once the run is over.
    private func retired(_ rehearsal: Rehearsal) -> [PlanTarget] {
        guard rehearsal.result?.isFinal == true else { return [] }
        let finished = rehearsal.machine.state.nodes.values.filter { $0.phase == .finished }.map(\.target.node)
        let machines = RetiredMachines(provider: planned.playbook.header.provider, steps: planned.playbook.steps)
        let due = machines.due(of: planned.plan, finished: Set(finished))
        let nodes = Set(rehearsal.simulation.nodes.map(\.name))
        return RetiredMachines.Division(due, nodes: nodes, listed: Set(due.map(\.host))).deleted
    }

    /// A run that waits for its windows may take weeks.
    private static func longest(_ order: RunOrder) -> Duration { .seconds((order.window == nil ? 7 : 60) * 86_400) }

    private func order(_ waves: [PlannedWave], _ world: WorldSettings) -> RunOrder {
        let plan = planned.plan
        let header = planned.playbook.header
        let now = planned.request.snapshot.takenAt
        var settings = RunSettings(
            id: "rehearsal", actor: .current, retiring: Set(plan.leavers.map(\.node)), evictions: header.evictions,
            clusterAuthority: Self.authority, isForControlPlane: header.isForControlPlane,
            inventory: planned.inventory.inventory.hosts.map(InventoryMember.init), files: planned.playbook.files,
            entrance: ClusterEntrance(endpoint: "rehearsed:6443", authorityPins: [], seed: SecretText("rehearsed"))
        )
        settings.permitsBudgetOverride = world.permitsBudgetOverride
        // Everything is approved: how long a person takes is nobody's to predict.
        settings.approvals = Set(planned.playbook.steps.compactMap { ($0.step as? ApproveStep)?.name })
        var order = RunOrder(
            waves: waves, steps: planned.playbook.steps, policy: plan.policy, settings: settings,
            scopes: planned.scopes, soon: waves.flatMap(\.targets).filter { $0.isNewcomer != true },
            window: RunWindow(of: header, for: waves, of: plan, waits: true, at: now),
            health: planned.playbook.health.filter(\.isOfTheCluster),
            planDigest: plan.digest, playbook: plan.playbook
        )
        order.narrowWindows = NarrowWindows(of: header, for: waves, of: plan, waits: true, at: now)
        return order
    }

    // MARK: - Hosts that are to join

    /// A target that is no Node yet is a host like those of its zone, else like any other.
    private func addHosts(of targets: [PlanTarget], to simulation: inout ClusterSimulation) {
        let nodes = planned.request.snapshot.nodes
        let known = Set(nodes.map(\.name))
        for target in targets where !known.contains(target.node) {
            guard let like = nodes.first(where: { $0.zone == target.zone }) ?? nodes.first else { continue }
            let node = Node(
                name: target.node, uid: "", capacity: like.capacity, allocatable: like.allocatable,
                machineID: Self.machineID(of: target.node), kubeletVersion: like.kubeletVersion)
            _ = simulation.apply(
                .addHost(HostState(node: node, kubelet: .stopped, isJoined: false)), at: simulation.now)
        }
    }

    // MARK: - Identities

    /// A List printed with few fields may lack what proves a host to be its Node; a rehearsal has no host to doubt.
    private func identified(_ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        var snapshot = snapshot
        for index in snapshot.nodes.indices where snapshot.nodes[index].machineID.isEmpty {
            snapshot.nodes[index].machineID = Self.machineID(of: snapshot.nodes[index].name)
        }
        return snapshot
    }

    private func identified(_ waves: [PlannedWave]) -> [PlannedWave] {
        waves.map { wave in
            var wave = wave
            for index in wave.targets.indices where wave.targets[index].machineID.isEmpty {
                wave.targets[index].machineID = Self.machineID(of: wave.targets[index].node)
            }
            return wave
        }
    }

    private static func machineID(of node: NodeName) -> String { "rehearsed-\(node)" }
}
