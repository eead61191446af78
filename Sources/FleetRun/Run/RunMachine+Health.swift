import FleetModel

/// Looks at the health checks, again and again until they are well or patience ends.
struct HealthWatch: Hashable, Sendable {
    /// When the next look is due.
    var due: Instant
    /// Since when each check that is not well is so; its patience counts from then.
    var badSince: [String: Instant] = [:]
    /// Whether this look's questions were asked.
    var isAsking = false
}

extension RunMachine {
    /// The approval by which what the health checks found is taken as the new normal.
    public static let healthApproval = "health"

    /// What the names of the health checks' questions begin with in the journal.
    public static let healthKeyPrefix = "health "

    /// How long after a look that found something wrong the next one comes.
    private static let healthInterval = Duration.seconds(10)

    // MARK: - The start

    /// Takes the baseline before anything is changed; true once there is one.
    ///
    /// What is wrong whatever the start is like, such as a command that fails, must come right first.
    mutating func hasHealthBaseline() -> Bool {
        guard !order.health.isEmpty, state.healthBaseline == nil else { return true }
        guard let readings = lookAtHealth(after: nil) else { return false }
        let problems = problems(in: readings, against: [:])
        guard problems.isEmpty else {
            awaitHealth(problems, "the health checks fail before anything is begun") { run, words in
                if run.state.wave == nil {
                    run.finish(.failed, "nothing was changed; \(words)")
                } else {
                    run.finish(.blocked, words)
                }
            }
            return false
        }
        health = nil
        emit(.healthBaseline(RunEvent.HealthBaseline(readings: readings)))
        return true
    }

    // MARK: - After a wave

    /// Holds the cluster against the baseline after a wave; true once it is as well as it was.
    mutating func isHealthy(after wave: Int) -> Bool {
        guard !order.health.isEmpty, let baseline = state.healthBaseline, state.healthyWave != wave else { return true }
        guard let readings = lookAtHealth(after: wave) else { return false }
        let problems = problems(in: readings, against: baseline)
        guard !problems.isEmpty else {
            judge(wave, isHealthy: true, problems, readings)
            return true
        }
        if acceptsHealth {
            acceptsHealth = false
            judge(wave, isHealthy: true, problems, readings)
            emit(.healthBaseline(RunEvent.HealthBaseline(readings: readings, acceptedAfter: wave)))
            return true
        }
        awaitHealth(problems, "worse than at the start after wave \(wave)") { run, words in
            run.judge(wave, isHealthy: false, problems, readings)
            run.finish(.blocked, "\(words); mend it, or accept it with --approve \(Self.healthApproval)")
        }
        return false
    }

    private mutating func judge(_ wave: Int, isHealthy: Bool, _ problems: [Problem], _ readings: [HealthReading]) {
        health = nil
        emit(
            .healthChecked(
                RunEvent.HealthChecked(
                    wave: wave, isHealthy: isHealthy, problems: problems.map(\.words), readings: readings)))
    }

    /// Says what is wrong and looks again in a while; gives up once a check's patience is over.
    private mutating func awaitHealth(
        _ problems: [Problem], _ what: String, giveUp: (inout RunMachine, String) -> Void
    ) {
        guard let watch = health else { return }
        let since = Dictionary(
            problems.map { ($0.check.name, watch.badSince[$0.check.name] ?? now) }, uniquingKeysWith: { $1 })
        health?.badSince = since
        let words = "\(what): \(problems.map(\.words).joined(separator: "; "))"
        if words != lastBlock { emit(.runBlocked(RunEvent.RunBlocked(reason: words))) }
        lastBlock = words
        let ends = problems.map { (since[$0.check.name] ?? now) + $0.check.patience }.min() ?? now
        if now >= ends { return giveUp(&self, words) }
        let due = min(now + Self.healthInterval, ends)
        health?.due = due
        healthDeadline = due
    }

    /// What a check found wrong, in words that begin with its name.
    private typealias Problem = (check: HealthCheck, words: String)

    private func problems(in readings: [HealthReading], against baseline: [String: HealthReading]) -> [Problem] {
        zip(order.health, readings).compactMap { check, reading in
            check.problem(in: reading, against: baseline[check.name]).map { (check, "\(check.name): \($0)") }
        }
    }

    // MARK: - Looking

    /// What all checks find; nil while answers are awaited or no look is due.
    private mutating func lookAtHealth(after wave: Int?) -> [HealthReading]? {
        guard !isInterrupted else { return nil }
        let watch = health ?? HealthWatch(due: now)
        health = watch
        guard now >= watch.due else {
            healthDeadline = watch.due
            return nil
        }
        if !watch.isAsking {
            health?.isAsking = true
            for check in order.health { ask(check, after: wave) }
        }
        let answers = order.health.map { check in check.act.flatMap { _ in answer(to: check) } }
        guard zip(order.health, answers).allSatisfy({ $0.act == nil || $1 != nil }) else { return nil }
        health?.isAsking = false
        return zip(order.health, answers).map { $0.reading(of: world, state, order, answer: $1) }
    }

    private mutating func ask(_ check: HealthCheck, after wave: Int?) {
        guard var act = check.act else { return }
        if case .command(var command) = act {
            command.environment = [
                "FLEET_RUN": order.settings.id.rawValue, "FLEET_PLAYBOOK": order.playbook,
                "FLEET_WAVE": wave.map(String.init) ?? "",
            ]
            act = .command(command)
        }
        perform(
            StepOperation(key: key(of: check), title: "health check \(check.name)", .local(act)), node: nil, index: nil)
    }

    private func answer(to check: HealthCheck) -> OperationResult? {
        guard case .finished(let result) = state.act(key(of: check))?.state else { return nil }
        return result
    }

    private func key(of check: HealthCheck) -> String { Self.healthKeyPrefix + check.name }
}
