import FleetModel
import FleetReport
import FleetRuntime
import FleetSSH

/// A command's way over its hosts: a sliding window, in which a slow host holds nobody else up.
struct ExecFlow {
    /// How it ended.
    struct Outcome {
        var report: ExecReport
        var endedAt: Instant
        var exit: FleetExit
    }

    let targets: [ExecTarget]
    let secrets: Secrets
    let command: String
    let options: ExecOptions
    let output: Output

    private enum Event: Sendable {
        case ended(Int, HostReport)
        case stop(String)
        case remind
        case nothing
    }

    /// Seconds between two words about what is waited for.
    private static let reminderSeconds = 10

    /// Runs it; the first SIGINT or SIGTERM begins no more hosts and stops the command where it runs.
    func run() async -> Outcome {
        OpenFiles.allow(options.forks)
        let clock = RuntimeClock()
        let begun = clock.now
        let hosts = await SSHHosts(settings)
        let live = options.isLive ? LiveOutput(targets.map(\.host), output) : nil
        let stops = Stops()
        var window = ExecWindow(targets.count, forks: options.forks, bound: options.maxFailures)
        await withTaskGroup(of: Event.self) { group in
            group.addTask { [requests = stops.requests] in await Self.stop(requests) }
            group.addTask { await Self.reminder() }
            begin(&window, &group, hosts, live, clock)
            while !window.isFinished, let event = await group.next() {
                switch event {
                case .ended(let position, let report): window.end(position, report)
                case .stop(let signal):
                    output.progress("\(signal): no more hosts are begun, and the command is stopped where it runs")
                    window.interrupt()
                    group.cancelAll()
                case .remind:
                    output.progress(reminder(window, clock.now))
                    group.addTask { await Self.reminder() }
                case .nothing: break
                }
                begin(&window, &group, hosts, live, clock)
            }
            group.cancelAll()
        }
        withExtendedLifetime(stops) {}
        await hosts.close()
        await live?.finish()
        return outcome(window, from: begun, to: clock.now)
    }

    private func begin(
        _ window: inout ExecWindow, _ group: inout TaskGroup<Event>, _ hosts: SSHHosts, _ live: LiveOutput?,
        _ clock: RuntimeClock
    ) {
        while let position = window.begin(at: clock.now) {
            let target = targets[position]
            let command = command(on: target)
            group.addTask {
                switch target.endpoint {
                case .failure(let refusal): return .ended(position, HostReport(outcome: .refused(refusal)))
                case .success(let endpoint):
                    let tap = live?.tap(position)
                    return .ended(position, await hosts.run(command, on: endpoint, receiving: tap))
                }
            }
        }
    }

    private func command(on target: ExecTarget) -> HostCommand {
        var command = HostCommand(
            script: command, becomesRoot: options.become || target.becomes,
            timeoutSeconds: options.timeout.components.seconds)
        command.idleSeconds = options.idleTimeout?.components.seconds
        command.totalSeconds = options.totalTimeout?.components.seconds
        command.workingDirectory = options.workingDirectory
        command.umask = options.umask
        command.hasTerminal = options.hasTerminal
        return command
    }

    private func outcome(_ window: ExecWindow, from begun: Instant, to ended: Instant) -> Outcome {
        let results = zip(targets, window.reports).map { $0.result($1) }
        let report = ExecReport(command: command, results, from: begun, to: ended, isStreamed: options.isLive)
        if window.isStopped, !window.isInterrupted, let limit = window.bound.limit {
            output.warning("stopped: \(window.bound.failures) hosts failed, and --max-failures allows \(limit)")
        }
        return Outcome(report: report, endedAt: ended, exit: Self.exit(window, report))
    }

    private static func exit(_ window: ExecWindow, _ report: ExecReport) -> FleetExit {
        if window.isInterrupted { return .interrupted }
        if window.isStopped { return .failed }
        if window.bound.failures == 0 { return .done }
        return report.count(.ok) == 0 ? .failed : .quarantined
    }

    private func reminder(_ window: ExecWindow, _ now: Instant) -> String {
        let failed = window.bound.failures > 0 ? ", \(window.bound.failures) of them failed" : ""
        let oldest = window.oldest.map { " (longest: \(targets[$0.position].host), \((now - $0.since).short))" } ?? ""
        return "\(window.ended) of \(targets.count) hosts have ended\(failed); \(window.running) run\(oldest)"
    }

    private static func stop(_ requests: AsyncStream<String>) async -> Event {
        for await signal in requests { return .stop(signal) }
        return .nothing
    }

    private static func reminder() async -> Event {
        do {
            try await Task.sleep(for: .seconds(reminderSeconds))
            return .remind
        } catch {
            return .nothing
        }
    }

    private var settings: SSHSettings {
        var settings = SSHSettings()
        settings.parallelism = options.forks
        // One command a host: a connection that stays would only hold a descriptor.
        settings.idleSeconds = 0
        secrets.give(to: &settings)
        settings.warn = { [output] in output.warning($0) }
        return settings
    }
}
