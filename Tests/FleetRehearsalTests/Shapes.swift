import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation

@testable import FleetRehearsal

/// Clusters of a seed as real ones are: controllers of unknown kinds, Jobs, bare pods, pods that are not Ready, pods under
/// two budgets; nodes that come back, zone by zone or not, and somebody else who evicts as well.
struct Shapes {
    let snapshot: ClusterSnapshot
    let order: RunOrder
    let latencies: Rehearsal.Latencies
    let settings: SimulationSettings
    /// When somebody else asks which pod to go.
    let rivals: [(at: Duration, pod: ObjectKey)]

    /// - Parameter mayBoundPools: Whether half of the seeds have two pools with bounds, and a rate of starts.
    init(_ number: UInt64, mayBoundPools: Bool = true) throws {
        var seed = Seed(number &+ 0x5AA9E)
        var cluster = RandomCluster.snapshot(seed: number &+ 0x51)
        if seed.chance(40) { Self.forget(&cluster, &seed) }
        if seed.chance(40) { Self.addJobs(&cluster, &seed) }
        if seed.chance(40) { Self.addBarePods(&cluster, &seed) }
        if seed.chance(40) { Self.trouble(&cluster, &seed) }
        if seed.chance(10) { Self.protectTwice(&cluster, &seed) }
        // Drawn apart, so that all else of a seed stays what it was.
        var bounds = Seed(number &+ 0xB0D5)
        let isBounded = mayBoundPools && bounds.chance(50)
        if isBounded { Self.splitIntoPools(&cluster, &bounds) }
        snapshot = cluster
        var order = try Self.order(cluster, &seed)
        if isBounded { Self.bound(&order.policy, cluster, &bounds) }
        self.order = order
        latencies = Scenario.latencies(&seed)
        var settings = SimulationSettings(seed: number &+ 0x9_0000_0000)
        settings.jobTime = .seconds(seed.pick(10...600))
        self.settings = settings
        rivals = seed.chance(40) ? Self.rivals(cluster, &seed) : []
    }

    /// A rehearsal of it, with its invariants.
    func rehearsal() -> Rehearsal {
        var rehearsal = Rehearsal(
            order, in: ClusterSimulation(snapshot: snapshot, settings: settings), latencies: latencies)
        rehearsal.invariants = Invariants(order, before: snapshot)
        return rehearsal
    }

    /// Plays it to the end, rivals and all.
    func play(_ rehearsal: inout Rehearsal) -> RunResult? {
        var next = rivals[...]
        let end = snapshot.takenAt + .seconds(24 * 3600)
        while rehearsal.result == nil, rehearsal.time < end, rehearsal.step() {
            while let rival = next.first, snapshot.takenAt + rival.at <= rehearsal.time {
                next.removeFirst()
                rehearsal.disturb(.evict(rival.pod, DeleteOptions()))
            }
        }
        return rehearsal.result
    }

    // MARK: - The run

    private static func order(_ snapshot: ClusterSnapshot, _ seed: inout Seed) throws -> RunOrder {
        let names = snapshot.nodes.map(\.name).shuffled(using: &seed)
        var left = names.prefix(seed.pick(1...max(1, names.count / 2)))[...]
        var waves: [[NodeName]] = []
        while !left.isEmpty {
            let wave = left.prefix(seed.pick(1...4))
            waves.append(Array(wave))
            left = left.dropFirst(wave.count)
        }
        let policy = WavePolicy(
            order: seed.chance(40) ? .zoneByZone : .spread, canary: .count(0),
            maxUnavailable: .percent(seed.pick(20...60)), maxUnavailablePerZone: .count(seed.pick(1...3)),
            parallelism: seed.pick(1...6), soak: .seconds(seed.pick(0...30)), maxFailures: seed.pick(0...3))
        let evictions = EvictionPolicy(
            timeout: .seconds(900), maxInFlight: seed.chance(40) ? seed.pick(1...6) : nil,
            maxInFlightPerZone: seed.chance(30) ? seed.pick(1...3) : nil)
        return try Decommission.order(
            waves, in: snapshot, policy: policy, steps: try Decommission.roundTrip(), evictions: evictions)
    }

    /// Some of what a playbook says of pools and of the rate.
    private static func bound(_ policy: inout WavePolicy, _ cluster: ClusterSnapshot, _ seed: inout Seed) {
        if seed.chance(60) { policy.maxUnavailablePerPool = .count(seed.pick(1...3)) }
        if seed.chance(40) {
            let members = cluster.nodes.count { $0.labels["pool"] == "gpu" }
            policy.minAvailable = ["gpu": max(0, members - seed.pick(1...3))]
        }
        if seed.chance(40) { policy.startsPerMinute = seed.pick(1...6) }
    }

    /// Pods under one budget, whose evictions the API answers by that budget's status.
    private static func rivals(_ cluster: ClusterSnapshot, _ seed: inout Seed) -> [(at: Duration, pod: ObjectKey)] {
        let protected = cluster.pods.filter { pod in cluster.budgets.count { $0.selects(pod) } == 1 }
        return (0..<seed.pick(1...8)).compactMap { _ in
            protected.randomElement(using: &seed).map { (.seconds(seed.pick(0...180)), $0.key) }
        }.sorted { $0.at < $1.at }
    }

    // MARK: - The cluster

    private static func splitIntoPools(_ cluster: inout ClusterSnapshot, _ seed: inout Seed) {
        for index in cluster.nodes.indices { cluster.nodes[index].labels["pool"] = seed.chance(40) ? "gpu" : "web" }
    }

    /// A controller becomes one of a kind that nobody knows.
    private static func forget(_ cluster: inout ClusterSnapshot, _ seed: inout Seed) {
        let sets = cluster.workloads.filter { $0.reference.kind == .statefulSet && $0.replicas > 1 }
        guard let set = sets.randomElement(using: &seed) else { return }
        cluster.workloads.removeAll { $0.reference.uid == set.reference.uid }
        for index in cluster.pods.indices where cluster.pods[index].controller?.uid == set.reference.uid {
            cluster.pods[index].controller?.kind = "StrimziPodSet"
            cluster.pods[index].controller?.apiVersion = "core.strimzi.io/v1beta2"
        }
    }

    private static func addJobs(_ cluster: inout ClusterSnapshot, _ seed: inout Seed) {
        for number in 0..<seed.pick(1...3) {
            let job = ControllerReference(
                apiVersion: "batch/v1", kind: "Job", name: "job\(number)", uid: ObjectUID("job-\(number)"))
            for replica in 0..<seed.pick(1...3) { add("job\(number)-\(replica)", of: job, to: &cluster, &seed) }
        }
    }

    private static func addBarePods(_ cluster: inout ClusterSnapshot, _ seed: inout Seed) {
        for number in 0..<seed.pick(1...4) { add("bare-\(number)", of: nil, to: &cluster, &seed) }
    }

    private static func add(
        _ name: String, of owner: ControllerReference?, to cluster: inout ClusterSnapshot, _ seed: inout Seed
    ) {
        guard let node = cluster.nodes.randomElement(using: &seed)?.name else { return }
        cluster.pods.append(
            Pod(
                key: ObjectKey("batch", name), uid: ObjectUID("uid-\(name)"), labels: ["app": name], controller: owner,
                nodeName: node, phase: .running, isReady: true, createdAt: cluster.takenAt - .seconds(3600)))
    }

    /// Some pods are not Ready, for a moment or for days.
    private static func trouble(_ cluster: inout ClusterSnapshot, _ seed: inout Seed) {
        for index in cluster.pods.indices where !cluster.pods[index].isDaemon && seed.chance(8) {
            cluster.pods[index].isReady = false
            cluster.pods[index].createdAt = cluster.takenAt - .seconds(seed.chance(50) ? 20 : 200_000)
        }
        for index in cluster.budgets.indices {
            let budget = cluster.budgets[index]
            let healthy = cluster.pods.count { budget.selects($0) && $0.isReady }
            cluster.budgets[index].currentHealthy = healthy
            cluster.budgets[index].disruptionsAllowed = max(0, healthy - budget.desiredHealthy)
        }
    }

    /// Somebody gave pods a second budget, which the API takes for a reason to evict none of them.
    private static func protectTwice(_ cluster: inout ClusterSnapshot, _ seed: inout Seed) {
        guard var twin = cluster.budgets.randomElement(using: &seed) else { return }
        twin.key = ObjectKey(twin.key.namespace, twin.key.name + "-twin")
        twin.uid = "uid-twin"
        cluster.budgets.append(twin)
    }
}
