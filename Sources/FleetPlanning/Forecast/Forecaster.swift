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
    private let outages: OutageRounds

    init(policy: WavePolicy, evictions: EvictionPolicy, index: ClusterIndex, targets: [PlanTarget]) {
        self.policy = policy
        self.evictions = evictions
        outages = OutageRounds(policy, index, targets)
    }

    func forecast(_ waves: [PlannedWave], _ judgement: PodJudgement) -> Forecast {
        var forecast = Forecast(evictions: 0)
        for wave in waves {
            let moves = judgement.moves(from: wave.targets)
            let lanes = Self.lanes(moves)
            forecast.evictions += moves.count
            forecast.waves.append(part(wave, moves, lanes, judgement))
            forecast.stalls += stalls(wave.number, lanes, judgement)
        }
        let soak = Int(policy.soak.inSeconds) * max(0, waves.count - 1)
        forecast.shortestSeconds = forecast.waves.reduce(soak) { $0 + $1.shortestSeconds }
        forecast.longestSeconds = forecast.waves.reduce(soak) { $0 + $1.longestSeconds }
        forecast.stalls = Self.worst(forecast.stalls)
        return forecast
    }

    private func part(
        _ wave: PlannedWave, _ moves: [PodMove], _ lanes: [Int: Lane], _ judgement: PodJudgement
    ) -> Forecast.Wave {
        guard !moves.isEmpty else {
            return Forecast.Wave(number: wave.number, evictions: 0, shortestSeconds: 0, longestSeconds: 0)
        }
        let rate = evictions.rate.perSecond
        let sending = Int((Double(moves.count) / rate).rounded(.up))
        // One second's evictions, at least one, go at once.
        let spread = Int((Double(moves.count) - max(1, rate)) / rate)
        // Whoever loses nothing that is awaited makes nobody wait.
        let busy = wave.targets.filter { judgement.moves(from: $0.node).contains { $0.lane != nil } }
        let quick = lanes.values.map { Self.batches($0) * Self.quickStart }.max() ?? 0
        return Forecast.Wave(
            number: wave.number, evictions: moves.count,
            shortestSeconds: max(quick, spread, outages.rounds(of: busy).count * Self.quickStart),
            longestSeconds: slow(wave, lanes, judgement) + sending
        )
    }

    /// The caps make a wave's nodes wait for one another, and each round takes as long as its slowest lane.
    private func slow(_ wave: PlannedWave, _ lanes: [Int: Lane], _ judgement: PodJudgement) -> Int {
        let rounds = outages.rounds(of: wave.targets)
        return rounds.reduce(0) { sum, round in
            let moves = judgement.moves(from: round)
            let lanes = rounds.count == 1 ? lanes : Self.lanes(moves)
            let grace = moves.map(\.gracePeriodSeconds).max() ?? 0
            let slowest = lanes.values.map { Self.batches($0) * ($0.grace + Self.slowStart) }.max()
            return sum + (slowest ?? (moves.isEmpty ? 0 : grace + Self.slowStart))
        }
    }

    private static func lanes(_ moves: [PodMove]) -> [Int: Lane] {
        var lanes: [Int: Lane] = [:]
        for move in moves { if let lane = move.lane { lanes[lane, default: Lane()].take(move) } }
        return lanes
    }

    private func stalls(_ wave: Int, _ lanes: [Int: Lane], _ judgement: PodJudgement) -> [Forecast.Stall] {
        lanes.compactMap { number, lane in
            let batches = Self.batches(lane)
            guard batches > 1 else { return nil }
            return Forecast.Stall(
                subject: judgement.lanes[number].subject, wave: wave, pods: lane.pods, allowance: lane.allowance,
                seconds: batches * Self.quickStart)
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
        case .budget(let key): "PodDisruptionBudget \(key)"
        case .implicit(_, let subject): subject
        }
    }
}
