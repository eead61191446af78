public import FleetExpressions
import FleetModel

/// `wait_for_connections: {ports, below, timeout}` – established connections fall under a threshold (D15).
public struct WaitForConnectionsStep: Step {
    /// `wait_for_connections`.
    public static let kind = "wait_for_connections"
    /// What it does, for editors and lists.
    public static let purpose = "Established connections fall under a threshold."

    /// What happens when they do not fall in time (safety rule 10).
    public enum Timeout: String, CaseIterable, Sendable {
        case quarantine
        case goOn = "continue"
    }

    /// Local TCP ports.
    public var ports: [Int]
    /// The number that must not be reached; at least 1.
    public var below: Int
    /// How long they may take.
    public var timeout: Duration
    /// What happens then.
    public var onTimeout: Timeout
    /// How often the host is asked.
    public var interval: Duration

    /// Reads `ports`, `below` (1), `timeout` (10m), `interval` (5s) and `on_timeout` (quarantine).
    public init?(_ arguments: inout LocatedDecoder) {
        let ports = arguments.required("ports", .list(of: .int(in: 1...65_535)))
        below = arguments.optional("below", .int(in: 1...Int.max)) ?? 1
        timeout = arguments.optional("timeout", .duration) ?? .seconds(600)
        interval = arguments.optional("interval", .duration) ?? .seconds(5)
        onTimeout = arguments.optional("on_timeout", .choice) ?? .quarantine
        guard let ports else { return nil }
        self.ports = ports
    }

    /// `wait for connections on 443`.
    public var title: String { "wait for connections on \(ports.map(String.init).joined(separator: ", "))" }
    /// Touches the host, changes nothing.
    public var traits: StepTraits { [.touchesHost, .repeatable, .onlyLooks] }

    /// Asks the host again and again until the count is low enough.
    public func advance(_ context: StepContext) -> StepProgress {
        let look = StepOperation(key: "look", title: title, .host(command))
        let (result, looking) = context.answer(to: look)
        guard let result else { return looking }
        let isLate = context.now >= context.memory.startedAt + timeout
        if result.lostHost, !isLate {
            return context.again(look, every: interval, because: "\(title): \(result.words); trying again")
        }
        guard result.isSuccess, let count = NodeAnswer(result.output).last("connections").flatMap(Int.init) else {
            return .failed("\(title): \(result.words)")
        }
        if count < below { return .done(changed: false, "\(count) connections") }
        let reason =
            "\(count) connections on \(ports.map(String.init).joined(separator: ", ")), waiting for fewer than \(below)"
        if isLate {
            return onTimeout == .goOn
                ? .done(changed: false, "went on after \(timeout.text) with \(count) connections")
                : .failed("after \(timeout.text): \(reason)")
        }
        return context.again(look, every: interval, because: reason)
    }

    /// Counts them once.
    public func preview(_ context: StepContext) -> StepPreview {
        StepPreview(
            ["would \(title), below \(below)"], looks: [StepOperation(key: "look", title: title, .host(command))])
    }

    private var command: HostCommand {
        HostCommand(script: NodeScript.connections(ports: ports.map(UInt16.init)), timeoutSeconds: 60)
    }
}
