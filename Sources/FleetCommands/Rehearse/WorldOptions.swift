import ArgumentParser
import FleetModel
import FleetRehearsal
import FleetSimulation

/// How quick the rehearsed world is, and what goes wrong in it.
struct WorldOptions: ParsableArguments {
    @Option(
        name: .customLong("pod-start"),
        help: ArgumentHelp(
            "From a pod's binding to its being Ready, such as 30s or 20s-40s (default: 3s-11s).", valueName: "duration")
    )
    var podStart: String?

    @Option(
        name: .customLong("pod-stop"),
        help: ArgumentHelp(
            "From a pod's eviction to its end, at most its grace period (default: 500ms-3s).", valueName: "duration"))
    var podStop: String?

    @Option(
        name: .customLong("job-time"),
        help: ArgumentHelp(
            "How long the pods of Jobs run, from the snapshot on or their start (default: 5m).",
            valueName: "duration"))
    var jobTime: String?

    @Option(
        name: .customLong("volume-detach"),
        help: ArgumentHelp("How long a volume takes to detach (default: 2s).", valueName: "duration"))
    var volumeDetach: String?

    @Option(
        name: .customLong("api"),
        help: ArgumentHelp("How long the API takes to answer (default: 10ms).", valueName: "duration"))
    var request: String?

    @Option(help: ArgumentHelp("How long a command on a host takes (default: 1s).", valueName: "duration"))
    var command: String?

    @Option(
        help: ArgumentHelp(
            "Stop playing after so long on the virtual clock (default: 7d; 60d with windows).", valueName: "duration"))
    var longest: String?

    @Option(help: "The seed of delays; equal seeds play equally.")
    var seed: UInt64 = 1

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            """
            What goes wrong, when and how long: KIND[:THING]@WHEN[+SPAN]. watch-lost@2m+30s, throttled@1m, \
            api-errors@1m, node-down:NODE@5m+10m, pod-unready:NAMESPACE/NAME@1m+2m, pod-stuck:NAMESPACE/NAME@0s, \
            paused:scheduler@1m+1m. May be given several times.
            """, valueName: "fault"))
    var fault: [String] = []

    @OptionGroup var permissions: PermissionOptions

    /// The settings that the options make.
    func settings() throws -> WorldSettings {
        var settings = WorldSettings(seed: seed)
        settings.permitsBudgetOverride = permissions.permitsBudgetOverride
        if let podStart {
            settings.simulation.podStart = try range(podStart, "--pod-start")
            settings.simulation.podReady = .zero...(.zero)
            settings.conditions.append("pods start in \(podStart)")
        }
        if let podStop {
            settings.simulation.podStop = try range(podStop, "--pod-stop")
            settings.conditions.append("stop in \(podStop)")
        }
        if let jobTime {
            settings.simulation.jobTime = try duration(jobTime, "--job-time")
            settings.conditions.append("Jobs' pods run for \(jobTime)")
        }
        if let volumeDetach { settings.simulation.volumeDetach = try duration(volumeDetach, "--volume-detach") }
        if let request { settings.latencies.request = try duration(request, "--api") }
        if let command {
            settings.latencies.command = try duration(command, "--command")
            settings.conditions.append("commands take \(command)")
        }
        if let longest { settings.longest = try duration(longest, "--longest") }
        settings.faults = try fault.map { try FaultText($0) }
        settings.conditions += fault
        return settings
    }

    private func duration(_ text: String, _ option: String) throws -> Duration {
        guard let duration = Duration(text: text) else {
            throw UsageError("\(option) \"\(text)\" is not a duration such as 30s or 2m")
        }
        return duration
    }

    private func range(_ text: String, _ option: String) throws -> ClosedRange<Duration> {
        let parts = text.split(separator: "-", maxSplits: 1).map(String.init)
        let low = try duration(parts.first ?? text, option)
        let high = parts.count == 2 ? try duration(parts[1], option) : low
        guard low <= high else { throw UsageError("\(option) \"\(text)\": the first duration is the longer one") }
        return low...high
    }
}

/// The rehearsed world.
struct WorldSettings {
    var simulation: SimulationSettings
    var latencies = Rehearsal.Latencies()
    var faults: [FaultText] = []
    /// Whether the run played may pass budgets.
    var permitsBudgetOverride = false
    /// How much of the virtual clock is played; nil leaves it to the plan.
    var longest: Duration?
    /// What differs from the usual, in words.
    var conditions: [String] = []

    /// A usual world: a journal on a disk that takes 20 ms to be sure.
    init(seed: UInt64) {
        simulation = SimulationSettings(seed: seed)
        latencies.turn = .milliseconds(20)
    }
}
