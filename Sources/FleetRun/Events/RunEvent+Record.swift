public import FleetModel
import FoundationEssentials

extension RunEvent {
    /// Why a journal's record is not an event of this build.
    public struct UnreadableRecord: Error, Hashable, Sendable, CustomStringConvertible {
        /// The record's kind.
        public var kind: String
        /// The record's version.
        public var version: Int
        /// What is wrong.
        public var problem: String

        /// `record "node.started" version 2: …`.
        public var description: String { "record \"\(kind)\" version \(version): \(problem)" }
    }

    /// The name under which the event is stored; frozen once shipped.
    public var kind: String {
        switch self {
        case .runStarted: "run.started"
        case .runResumed: "run.resumed"
        case .runHandedOver: "run.handed_over"
        case .preflightPassed: "preflight.passed"
        case .waveStarted: "wave.started"
        case .waveFinished: "wave.finished"
        case .soakStarted: "soak.started"
        case .nodeStarted: "node.started"
        case .nodeWaiting: "node.waiting"
        case .nodeFinished: "node.finished"
        case .nodeQuarantined: "node.quarantined"
        case .nodeRetreated: "node.retreated"
        case .identityProved: "identity.proved"
        case .stepStarted: "step.started"
        case .stepFinished: "step.finished"
        case .stepRetried: "step.retried"
        case .operationIntended: "operation.intended"
        case .operationFinished: "operation.finished"
        case .evictionRequested: "eviction.requested"
        case .budgetPassed: "budget.passed"
        case .evictionAnswered: "eviction.answered"
        case .podLeft: "pod.left"
        case .compensationOwed: "compensation.owed"
        case .compensationSettled: "compensation.settled"
        case .runBlocked: "run.blocked"
        case .healthBaseline: "health.baseline"
        case .healthChecked: "health.checked"
        case .windowOpened: "window.opened"
        case .windowClosed: "window.closed"
        case .nodeReturned: "node.returned"
        case .nodeRewound: "node.rewound"
        case .timeStopped: "time.stopped"
        case .stopRequested: "stop.requested"
        case .runFinished: "run.finished"
        }
    }

    /// The payload, which is stored as JSON.
    public var payload: any Codable & Sendable {
        switch self {
        case .runStarted(let payload): payload
        case .runResumed(let payload): payload
        case .runHandedOver(let payload): payload
        case .preflightPassed(let payload): payload
        case .waveStarted(let payload): payload
        case .waveFinished(let payload): payload
        case .soakStarted(let payload): payload
        case .nodeStarted(let payload): payload
        case .nodeWaiting(let payload): payload
        case .nodeFinished(let payload): payload
        case .nodeQuarantined(let payload): payload
        case .nodeRetreated(let payload): payload
        case .identityProved(let payload): payload
        case .stepStarted(let payload): payload
        case .stepFinished(let payload): payload
        case .stepRetried(let payload): payload
        case .operationIntended(let payload): payload
        case .operationFinished(let payload): payload
        case .evictionRequested(let payload): payload
        case .budgetPassed(let payload): payload
        case .evictionAnswered(let payload): payload
        case .podLeft(let payload): payload
        case .compensationOwed(let payload): payload
        case .compensationSettled(let payload): payload
        case .runBlocked(let payload): payload
        case .healthBaseline(let payload): payload
        case .healthChecked(let payload): payload
        case .windowOpened(let payload): payload
        case .windowClosed(let payload): payload
        case .nodeReturned(let payload): payload
        case .nodeRewound(let payload): payload
        case .timeStopped(let payload): payload
        case .stopRequested(let payload): payload
        case .runFinished(let payload): payload
        }
    }

    /// The journal's record of the event.
    public func record(sequence: Int64, at time: Instant) throws -> JournalRecord {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let payload = try encoder.encode(payload)
        return JournalRecord(sequence: sequence, kind: kind, version: 1, time: time, payload: Array(payload))
    }

    /// Reads a record of this or an earlier build.
    ///
    /// - Throws: `UnreadableRecord` for one of a newer build, and for times and numbers that no build writes.
    public init(_ record: JournalRecord) throws(UnreadableRecord) {
        guard record.version == 1 else {
            throw UnreadableRecord(
                kind: record.kind, version: record.version,
                problem: Self.newer
            )
        }
        do {
            guard let event = try Reader(payload: record.payload).event(kind: record.kind) else {
                throw UnreadableRecord(kind: record.kind, version: record.version, problem: Self.newer)
            }
            self = event
            guard record.isOfCalendarTime else {
                throw UnreadableRecord(
                    kind: record.kind, version: record.version,
                    problem: "a time outside the years 1970 to 9999: this was not written by fleet")
            }
            if let number = event.implausibleNumber {
                throw UnreadableRecord(
                    kind: record.kind, version: record.version,
                    problem: "\(number) makes no sense: this was not written by fleet")
            }
        } catch let error as UnreadableRecord {
            throw error
        } catch {
            throw UnreadableRecord(kind: record.kind, version: record.version, problem: "\(error)")
        }
    }

    /// Reads a run's records, in order.
    ///
    /// - Throws: `UnreadableRecord`, which names the version of fleet that wrote the record where an actor before it does.
    public static func events(
        of records: [JournalRecord]
    ) throws(UnreadableRecord) -> [(event: RunEvent, time: Instant)] {
        var writer: String?
        var events: [(event: RunEvent, time: Instant)] = []
        events.reserveCapacity(records.count)
        for record in records {
            do throws(UnreadableRecord) {
                let event = try RunEvent(record)
                if let actor = event.actor { writer = actor.version }
                events.append((event, record.time))
            } catch {
                guard let writer, error.problem == newer else { throw error }
                throw UnreadableRecord(
                    kind: error.kind, version: error.version,
                    problem: "written by fleet \(writer); use that version to read it")
            }
        }
        return events
    }

    private var actor: Actor? {
        switch self {
        case .runStarted(let fact): fact.actor
        case .runResumed(let fact): fact.actor
        case .runHandedOver(let fact): fact.actor
        default: nil
        }
    }

    private static let newer = "written by a newer fleet; use that version to read it"

    private struct Reader {
        let payload: [UInt8]

        func read<Payload: Decodable>(_ make: (Payload) -> RunEvent) throws -> RunEvent {
            make(try JSONDecoder().decode(Payload.self, from: Data(payload)))
        }

        func event(kind: String) throws -> RunEvent? {
            switch kind {
            case "run.started": try read(RunEvent.runStarted)
            case "run.resumed": try read(RunEvent.runResumed)
            case "run.handed_over": try read(RunEvent.runHandedOver)
            case "preflight.passed": try read(RunEvent.preflightPassed)
            case "wave.started": try read(RunEvent.waveStarted)
            case "wave.finished": try read(RunEvent.waveFinished)
            case "soak.started": try read(RunEvent.soakStarted)
            case "node.started": try read(RunEvent.nodeStarted)
            case "node.waiting": try read(RunEvent.nodeWaiting)
            case "node.finished": try read(RunEvent.nodeFinished)
            case "node.quarantined": try read(RunEvent.nodeQuarantined)
            case "node.retreated": try read(RunEvent.nodeRetreated)
            case "identity.proved": try read(RunEvent.identityProved)
            case "step.started": try read(RunEvent.stepStarted)
            case "step.finished": try read(RunEvent.stepFinished)
            case "step.retried": try read(RunEvent.stepRetried)
            case "operation.intended": try read(RunEvent.operationIntended)
            case "operation.finished": try read(RunEvent.operationFinished)
            case "eviction.requested": try read(RunEvent.evictionRequested)
            case "budget.passed": try read(RunEvent.budgetPassed)
            case "eviction.answered": try read(RunEvent.evictionAnswered)
            case "pod.left": try read(RunEvent.podLeft)
            case "compensation.owed": try read(RunEvent.compensationOwed)
            case "compensation.settled": try read(RunEvent.compensationSettled)
            case "run.blocked": try read(RunEvent.runBlocked)
            case "health.baseline": try read(RunEvent.healthBaseline)
            case "health.checked": try read(RunEvent.healthChecked)
            case "window.opened": try read(RunEvent.windowOpened)
            case "window.closed": try read(RunEvent.windowClosed)
            case "node.returned": try read(RunEvent.nodeReturned)
            case "node.rewound": try read(RunEvent.nodeRewound)
            case "time.stopped": try read(RunEvent.timeStopped)
            case "stop.requested": try read(RunEvent.stopRequested)
            case "run.finished": try read(RunEvent.runFinished)
            default: nil
            }
        }
    }
}
