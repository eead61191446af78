import FleetLocal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetReport
import FleetRun
import FleetRuntime
import NIOConcurrencyHelpers

/// Tells the cluster and the playbook's `notify` what a run's facts say.
final class RunCrier: Sendable {
    private struct State {
        var notices: Notices
        var events: NodeEvents
    }

    private let announcer: Announcer
    private let notifiers: [Notifier]
    private let state: NIOLockedValueBox<State>

    /// Tells of a run; what it did before is taken to have been told.
    init(
        _ order: RunOrder, after history: [(event: RunEvent, time: Instant)], to notifiers: [Notifier],
        of cluster: any ClusterPort, _ output: Output
    ) {
        let nodes = order.waves.flatMap(\.targets).compactMap { target in target.nodeUID.map { (target.node, $0) } }
        self.notifiers = notifiers
        announcer = Announcer(cluster: cluster, local: LocalMachine()) { output.warning($0) }
        var known = State(
            notices: Notices(run: order.settings.id, playbook: order.playbook),
            events: NodeEvents(
                run: order.settings.id, playbook: order.playbook, actor: order.settings.actor,
                uids: Dictionary(nodes, uniquingKeysWith: { first, _ in first })))
        for (event, time) in history {
            _ = known.notices.take(event, at: time)
            _ = known.events.take(event, sequence: 0, at: time)
        }
        state = NIOLockedValueBox(known)
    }

    /// Takes facts that are on disk, in the order of the journal.
    func take(_ facts: [RecordedEvent]) {
        state.withLockedValue { state in
            for fact in facts {
                for event in state.events.take(fact.event, sequence: fact.sequence, at: fact.time) {
                    announcer.take(.event(event))
                }
                if let notice = state.notices.take(fact.event, at: fact.time) { tell(notice) }
            }
        }
    }

    /// Carries out what drives the run; that its journal cannot be written is told by nobody else.
    func telling<Result: Sendable>(_ drive: () async throws -> Result) async throws -> Result {
        try await announcer.during {
            do {
                return try await drive()
            } catch let failure as JournalFailure {
                tell(state.withLockedValue { $0.notices.stopped(failure.message, at: RuntimeClock().now) })
                throw failure
            }
        }
    }

    private func tell(_ notice: Notice) {
        for notifier in notifiers where notifier.kinds.contains(notice.kind) {
            announcer.take(.notice(notice.act(of: notifier), to: notifier.receiver))
        }
    }
}

extension Notifier {
    /// What it is called in warnings; an address may hold a secret and is not shown.
    fileprivate var receiver: String {
        switch act {
        case .command: "the command of notify"
        case .request, .query: "the url of notify"
        }
    }
}
