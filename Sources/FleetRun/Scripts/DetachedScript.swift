import FleetModel

/// A script that runs on a host by itself, under an id: it survives the loss of the connection and of fleet, is found
/// again by its id, and starts at most once (safety rule 25).
struct DetachedScript: Sendable {
    /// How long one look waits for the script's end, so that a graceful stop never waits longer for it.
    static let watch = Duration.seconds(45)

    private let run: RunID
    private let id: String
    /// What runs; its environment is handed over in memory and never written to the host's disk.
    private let command: HostCommand

    /// A script of a run; `id` is unique within it.
    init(_ command: HostCommand, id: String, run: RunID) {
        self.command = command
        self.id = id
        self.run = run
    }

    /// The directory on the host.
    var directory: String { "/var/lib/fleet/\(run)/\(id)" }

    /// Starts it unless it was started before; `again` lets one that was lost begin anew.
    func start(again: Bool) -> HostCommand {
        let variables = [("FLEET_AGAIN", again ? "yes" : "no"), ("FLEET_SCRIPT", command.script)]
        var start = assemble(DetachedText.start, variables, seconds: 60)
        start.environment = command.environment
        start.secrets = command.secrets
        return start
    }

    /// Says where it stands, once it has ended or after a while.
    func follow(for span: Duration) -> HostCommand {
        let seconds = span.components.seconds
        return assemble(DetachedText.follow, [("FLEET_TURNS", String(seconds * 5))], seconds: seconds + 60)
    }

    /// Ends its processes and proves it.
    var stop: HostCommand { assemble(DetachedText.stop, [], seconds: 60) }

    /// Removes its directory.
    var clear: HostCommand { assemble(DetachedText.clear, [], seconds: 60) }

    private func assemble(_ text: String, _ variables: [(name: String, value: String)], seconds: Int64) -> HostCommand {
        let own = [(name: "FLEET_RUN", value: run.rawValue), (name: "FLEET_ID", value: id)]
        var result = HostCommand(
            script: NodeScript.assemble(own + variables, [DetachedText.state, text]), timeoutSeconds: seconds)
        // Every answer may hold what it printed, and is more than that.
        result.redactions = command.redactions.union(command.secrets.values)
        result.outputMark = DetachedText.outputMark
        return result
    }
}

/// Where a detached script stands, as its host says.
enum DetachedState: Hashable, Sendable {
    /// There is no directory of it.
    case absent
    /// Its directory is there, but it did not begin.
    case unstarted
    case running
    /// It ended with this status.
    case ended(Int32)
    /// It ended without a status: killed from outside, or with its host.
    case lost

    /// Reads an answer; nil for one that is none.
    init?(_ answer: NodeAnswer) {
        switch answer.last("state") {
        case "absent": self = .absent
        case "unstarted": self = .unstarted
        case "running": self = .running
        case "lost": self = .lost
        case "ended":
            guard let status = answer.last("status").flatMap(Int32.init) else { return nil }
            self = .ended(status)
        default: return nil
        }
    }
}
