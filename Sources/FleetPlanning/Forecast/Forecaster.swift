import FleetModel

/// Estimates a plan's duration from budgets, rate and caps.
struct Forecaster {
    /// A replacement is Ready this soon at best, in seconds.
    private static let quickStart = 5
    /// A replacement is Ready this soon when it starts slowly, in seconds; its predecessor's grace period comes on top.
    private static let slowStart = 60

    private struct Lane {
        var pods = 0
        var allowance = 1
        var grace = 0

        mutating func take(_ move: PodMove) {
            pods += 1
            allowance = move.allowance
            grace = max(grace, move.gracePeriodSeconds)
        }
    }

    private let policy: WavePolicy
    private let evictions: EvictionPolicy
    private let nodes: Int
    private let nodesInZone: [Zone?: Int]

    init(policy: WavePolicy, evictions: EvictionPolicy, index: ClusterIndex) {
        self.policy = policy
        self.evictions = evictions
        nodes = index.snapshot.nodes.count
        nodesInZone = Dictionary(grouping: index.snapshot.nodes, by: \.zone).mapValues(\.count)
    }

    func forecast(_ waves: [PlannedWave], _ moves: [PodMove]) -> Forecast {
        let byWave = Dictionary(grouping: moves, by: \.wave)
        var forecast = Forecast(evictions: moves.count)
        for wave in waves {
            let lanes = Self.lanes(byWave[wave.number] ?? [])
            forecast.waves.append(part(wave, byWave[wave.number] ?? [], lanes))
            forecast.stalls += Self.stalls(wave.number, lanes)
        }
        let soak = Int(policy.soak.inSeconds) * max(0, waves.count - 1)
        forecast.shortestSeconds = forecast.waves.reduce(soak) { $0 + $1.shortestSeconds }
        forecast.longestSeconds = forecast.waves.reduce(soak) { $0 + $1.longestSeconds }
        forecast.stalls = Self.worst(forecast.stalls)
        return forecast
    }

    private func part(_ wave: PlannedWave, _ moves: [PodMove], _ lanes: [PodMove.Lane: Lane]) -> Forecast.Wave {
        guard !moves.isEmpty else {
            return Forecast.Wave(number: wave.number, evictions: 0, shortestSeconds: 0, longestSeconds: 0)
        }
        let sending = Int((Double(moves.count) / evictions.rate.perSecond).rounded(.up))
        let rounds = rounds(of: wave)
        let grace = moves.map(\.gracePeriodSeconds).max() ?? 0
        let quick = lanes.values.map { Self.batches($0) * Self.quickStart }.max() ?? 0
        let slow = lanes.values.map { Self.batches($0) * ($0.grace + Self.slowStart) }.max() ?? 0
        return Forecast.Wave(
            number: wave.number, evictions: moves.count,
            shortestSeconds: max(quick, sending, rounds * Self.quickStart),
            longestSeconds: max(slow, rounds * (grace + Self.slowStart)) + sending
        )
    }

    /// How many times the caps make a wave's nodes wait for one another.
    private func rounds(of wave: PlannedWave) -> Int {
        let atOnce = max(1, min(policy.parallelism, CapsFindings.cap(policy.maxUnavailable, of: nodes)))
        let perZone = WaveCut.zones(of: wave.targets).map { targets in
            let cap = CapsFindings.cap(policy.maxUnavailablePerZone, of: nodesInZone[targets.first?.zone] ?? 0)
            return Self.divided(targets.count, by: max(1, cap))
        }
        return max(Self.divided(wave.targets.count, by: atOnce), perZone.max() ?? 0)
    }

    private static func lanes(_ moves: [PodMove]) -> [PodMove.Lane: Lane] {
        var lanes: [PodMove.Lane: Lane] = [:]
        for move in moves where move.lane != .free {
            lanes[move.lane, default: Lane()].take(move)
        }
        return lanes
    }

    private static func stalls(_ wave: Int, _ lanes: [PodMove.Lane: Lane]) -> [Forecast.Stall] {
        lanes.compactMap { key, lane in
            guard batches(lane) > 1 else { return nil }
            let seconds = batches(lane) * quickStart
            return Forecast.Stall(
                subject: key.subject, wave: wave, pods: lane.pods, allowance: lane.allowance, seconds: seconds
            )
        }
    }

    /// The longest stall of each subject, longest first.
    private static func worst(_ stalls: [Forecast.Stall]) -> [Forecast.Stall] {
        let bySubject = Dictionary(stalls.map { ($0.subject, $0) }) { left, right in
            (left.seconds, -left.wave) >= (right.seconds, -right.wave) ? left : right
        }
        return Array(bySubject.values.sorted { ($1.seconds, $0.subject) < ($0.seconds, $1.subject) }.prefix(10))
    }

    private static func batches(_ lane: Lane) -> Int { divided(lane.pods, by: lane.allowance) }

    private static func divided(_ count: Int, by size: Int) -> Int {
        size <= 0 ? count : count / size + (count % size > 0 ? 1 : 0)
    }
}

extension PodMove.Lane {
    /// The budget or the workload, in the cluster's words.
    var subject: String {
        switch self {
        case .free: ""
        case .budget(let key): "PodDisruptionBudget \(key)"
        case .implicit(_, let subject): subject
        }
    }
}
