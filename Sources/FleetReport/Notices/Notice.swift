public import FleetModel
public import FleetRun
import FoundationEssentials

/// Something that somebody wants to be told of: one line for people, and the facts for programs.
///
/// Its schema is `fleet.notice/v1`; chat services show `text`.
public struct Notice: Hashable, Sendable, Encodable {
    private let schema = "fleet.notice/v1"
    /// What it is about.
    public var kind: NoticeKind
    /// What happened, in a sentence.
    public var text: String
    /// The run.
    public var run: RunID
    /// The playbook's name.
    public var playbook: String
    /// The wave; nil where it is not about one.
    public var wave: Int?
    /// The node; nil where it is not about one.
    public var node: NodeName?
    /// How the run ended; nil while it has not.
    public var result: RunResult?
    /// When, in RFC 3339.
    public var time: String

    /// The notice as one line of JSON.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// The act that tells it.
    public func act(of notifier: Notifier) -> LocalAct {
        switch notifier.act {
        case .command(var command):
            command.environment = [
                "FLEET_NOTICE": json, "FLEET_KIND": kind.rawValue, "FLEET_TEXT": text, "FLEET_RUN": run.rawValue,
                "FLEET_PLAYBOOK": playbook, "FLEET_WAVE": wave.map(String.init) ?? "",
                "FLEET_NODE": node?.rawValue ?? "", "FLEET_RESULT": result?.rawValue ?? "",
            ]
            return .command(command)
        case .request(var request):
            request.body = json
            return .request(request)
        case .query: return notifier.act
        }
    }
}

/// Turns a run's facts into notices, one after the other.
public struct Notices: Sendable {
    private let run: RunID
    private let playbook: String
    private var waves: [NodeName: Int] = [:]
    private var setAside: [Int: [NodeName]] = [:]
    private var lastBlock: String?

    /// The notices of a run.
    public init(run: RunID, playbook: String) {
        self.run = run
        self.playbook = playbook
    }

    /// The notice that a fact gives; nil for most.
    public mutating func take(_ event: RunEvent, at time: Instant) -> Notice? {
        switch event {
        case .nodeStarted(let fact): waves[fact.node] = fact.wave
        case .runBlocked(let fact):
            guard fact.reason != lastBlock else { return nil }
            lastBlock = fact.reason
            return notice(.blocked, "is blocked: \(fact.reason)", at: time)
        case .nodeQuarantined(let fact):
            let wave = waves[fact.node]
            if let wave { setAside[wave, default: []].append(fact.node) }
            return notice(
                .quarantined, "set \(fact.node) aside in \(fact.step): \(fact.reason)", at: time, wave: wave,
                node: fact.node)
        case .waveFinished(let fact): return notice(of: fact, at: time)
        case .runFinished(let fact): return notice(of: fact, at: time)
        default: break
        }
        return nil
    }

    /// The notice that the process ends, though the run does not: its journal cannot be written.
    public func stopped(_ why: String, at time: Instant) -> Notice {
        notice(.blocked, "stopped and can be resumed: \(why); go on with: fleet resume \(run)", at: time)
    }

    private func notice(of fact: RunEvent.WaveChanged, at time: Instant) -> Notice {
        let bad = setAside[fact.wave] ?? []
        let words = bad.isEmpty ? "" : "; set aside: \(NodeSet(bad))"
        return notice(
            .waveDone, "finished wave \(fact.wave): \(NodeSet(fact.nodes))\(words)", at: time, wave: fact.wave)
    }

    /// Who presses Ctrl-C knows it; everything else that ends a run is told.
    private mutating func notice(of fact: RunEvent.RunFinished, at time: Instant) -> Notice? {
        let why = fact.reason.isEmpty ? "" : ": \(fact.reason)"
        switch fact.result {
        case .interrupted: return nil
        case .blocked, .paused:
            let verb = fact.result == .paused ? "is paused" : "stopped and can be resumed"
            return notice(.blocked, "\(verb)\(why); go on with: fleet resume \(run)", at: time, result: fact.result)
        case .done: return notice(.runDone, "is done", at: time, result: fact.result)
        case .failed: return notice(.runDone, "failed\(why)", at: time, result: fact.result)
        case .quarantined:
            return notice(.runDone, "went to its end with nodes set aside\(why)", at: time, result: fact.result)
        case .aborted: return notice(.runDone, "was aborted\(why)", at: time, result: fact.result)
        case .rolledBack: return notice(.runDone, "was rolled back\(why)", at: time, result: fact.result)
        }
    }

    private func notice(
        _ kind: NoticeKind, _ words: String, at time: Instant, wave: Int? = nil, node: NodeName? = nil,
        result: RunResult? = nil
    ) -> Notice {
        Notice(
            kind: kind, text: "fleet run \(run) of \(playbook) \(words)", run: run, playbook: playbook, wave: wave,
            node: node, result: result, time: time.timestamp)
    }
}
