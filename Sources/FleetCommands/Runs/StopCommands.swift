import ArgumentParser
import FleetRun

/// `fleet pause RUN`: a run goes no further, and can be resumed.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pause a run that another terminal or machine's process drives.",
        discussion: """
            Nothing new is begun; evictions that were accepted are awaited for at most a minute. Cordons and temporary \
            changes stay for the run that goes on: fleet resume RUN. Returns once the run stands still.
            """
    )

    @Argument(help: "The run, as `fleet runs` lists it.")
    var id: String

    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            try await StopFlow(kind: .pause, id: id, state: state, cluster: cluster, takeOver: nil, output: output)
                .run()
        }
    }
}

/// `fleet abort RUN`: a run is over; cordons stay, temporary changes are undone.
struct AbortCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort",
        abstract: "End a run: cordons stay, temporary changes are undone.",
        discussion: """
            What is in flight settles; then replicas, autoscalers, labels and the plan's taint are set back. The process \
            that drives the run does it; where none does, this one. It says what stays and what cannot be undone.
            """
    )

    @OptionGroup var ending: EndingOptions

    func run() async throws { try await ending.end(.abort) }
}

/// `fleet rollback RUN`: a run is over, and what it cordoned and did not finish draining is schedulable again.
struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "End a run and uncordon what it cordoned and did not finish draining.",
        discussion: """
            As `fleet abort`; besides, nodes that this run cordoned and did not finish draining are uncordoned. A host \
            whose clean-up began is left alone. Pods that moved, Nodes that were deleted and hosts that were changed \
            stay so, and are named.
            """
    )

    @OptionGroup var ending: EndingOptions

    func run() async throws { try await ending.end(.rollback) }
}

/// What the commands take that end a run for good.
struct EndingOptions: ParsableArguments {
    @Argument(help: "The run, as `fleet runs` lists it.")
    var id: String

    @OptionGroup(title: "Lock") var lock: LockOptions
    @OptionGroup(title: "Lock") var handOver: HandOverOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    /// Ends the run.
    func end(_ kind: StopKind) async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            try await StopFlow(
                kind: kind, id: id, state: state, cluster: cluster, takeOver: lock.run, takesBack: handOver.takesBack,
                output: output
            ).run()
        }
    }
}
