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
    private let index: ClusterIndex
    private let outages: OutageRounds

    init(policy: WavePolicy, evictions: EvictionPolicy, index: ClusterIndex, targets: [PlanTarget]) {
        self.policy = policy
        self.evictions = evictions
        self.index = index
        outages = OutageRounds(policy, index, targets)
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
        let rate = evictions.rate.perSecond
        let sending = Int((Double(moves.count) / rate).rounded(.up))
        // One second's evictions, at least one, go at once.
        let spread = Int((Double(moves.count) - max(1, rate)) / rate)
        let byNode = Dictionary(grouping: moves) { index.snapshot.pods[$0.position].nodeName ?? "" }
        // Whoever loses nothing that is awaited makes nobody wait.
        let busy = wave.targets.filter { target in byNode[target.node]?.contains { $0.lane != .free } ?? false }
        let quick = lanes.values.map { Self.batches($0) * Self.quickStart }.max() ?? 0
        return Forecast.Wave(
            number: wave.number, evictions: moves.count,
            shortestSeconds: max(quick, spread, outages.rounds(of: busy).count * Self.quickStart),
            longestSeconds: slow(wave, byNode, lanes) + sending
        )
    }

    /// The caps make a wave's nodes wait for one another, and each round takes as long as its slowest lane.
    private func slow(_ wave: PlannedWave, _ byNode: [NodeName: [PodMove]], _ lanes: [PodMove.Lane: Lane]) -> Int {
        let rounds = outages.rounds(of: wave.targets)
        return rounds.reduce(0) { sum, round in
            let moves = round.flatMap { byNode[$0.node] ?? [] }
            let lanes = rounds.count == 1 ? lanes : Self.lanes(moves)
            let grace = moves.map(\.gracePeriodSeconds).max() ?? 0
            let slowest = lanes.values.map { Self.batches($0) * ($0.grace + Self.slowStart) }.max()
            return sum + (slowest ?? (moves.isEmpty ? 0 : grace + Self.slowStart))
        }
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
