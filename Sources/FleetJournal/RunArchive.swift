public import FleetModel
public import FleetPorts
import Foundation

/// A run as one text, to be handed to another machine: a line about run and plan, a line a record, a line that seals it.
///
/// Its schema is `fleet.journal/v1`; payloads are kept byte by byte. The seal is the SHA-256 of all lines above it, so
/// that a copy that was cut off or edited is refused.
public struct RunArchive: Hashable, Sendable {
    /// The run.
    public var run: StoredRun
    /// The plan that it carries out; nil when it is pinned no more.
    public var plan: StoredPlan?
    /// Its records, in order.
    public var records: [JournalRecord]
    /// What was done for the run beside it, in order.
    public var acts: [OperatorAct]

    /// An archive.
    public init(run: StoredRun, plan: StoredPlan?, records: [JournalRecord], acts: [OperatorAct] = []) {
        self.run = run
        self.plan = plan
        self.records = records
        self.acts = acts
    }

    private static let schema = "fleet.journal/v1"

    /// Whether the run is one of the plan that goes with it, and not of an earlier pinning of it.
    ///
    /// Before pinnings had names, that was told by the clock.
    var isOfItsPlan: Bool {
        guard let plan else { return false }
        guard let pin = run.pin else { return plan.pin == nil && run.startedAt >= plan.pinnedAt }
        return pin == plan.pin
    }

    // MARK: - Writing

    /// The text.
    public func text() throws(JournalFailure) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = { (value: any Encodable) in String(decoding: try encoder.encode(value), as: UTF8.self) + "\n" }
        do {
            var text = try line(
                Head(schema: Self.schema, run: Run(run), plan: plan.map(Plan.init), acts: acts.map(Act.init)))
            for record in records { text += try line(Record(record)) }
            return text + (try line(Seal(records: records.count, sha256: ContentDigest.sha256(text))))
        } catch {
            throw JournalFailure(.failed, "run \(run.id) cannot be exported: \(error)")
        }
    }

    // MARK: - Reading

    /// Reads a text; `name` is what messages call it.
    ///
    /// - Throws: `newerVersion` for a schema that this fleet does not know, `unusable` for a text that is cut off or was
    ///   changed.
    public init(text: String, name: String) throws(JournalFailure) {
        // By bytes: "\r\n", as mail and Windows make of line feeds, is one Character; JSON holds neither inside a line.
        let lines = text.utf8.split { $0 == 10 || $0 == 13 }.map { Substring($0) }
        guard let first = lines.first, let head: Head = Self.decode(first), lines.count >= 2 else {
            throw JournalFailure(.unusable, "\(name): no export of a run of fleet's")
        }
        guard head.schema == Self.schema else {
            throw JournalFailure(
                .newerVersion,
                "\(name) has schema \(head.schema); this fleet reads \(Self.schema): use the fleet that wrote it")
        }
        let body = lines.dropLast().map { $0 + "\n" }.joined()
        guard let seal: Seal = Self.decode(lines[lines.count - 1]), seal.records == lines.count - 2 else {
            throw JournalFailure(.unusable, "\(name) is cut off after line \(lines.count): export it again")
        }
        guard seal.sha256 == ContentDigest.sha256(body) else {
            throw JournalFailure(
                .unusable, "\(name) was changed after its export (its SHA-256 differs): export it again")
        }
        run = head.run.stored
        plan = head.plan?.stored
        acts = (head.acts ?? []).map { $0.act(of: head.run) }
        try Self.check(run, plan, acts, name)
        records = []
        for (index, line) in lines.dropFirst().dropLast().enumerated() {
            guard let record: Record = Self.decode(line), record.sequence == index + 1 else {
                throw JournalFailure(.unusable, "\(name):\(index + 2): no record with sequence \(index + 1)")
            }
            records.append(record.journal)
        }
    }

    /// A run's id is part of paths on hosts; times are reckoned with.
    private static func check(
        _ run: StoredRun, _ plan: StoredPlan?, _ acts: [OperatorAct], _ name: String
    ) throws(JournalFailure) {
        guard run.id.rawValue.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\-]{0,99}/) != nil else {
            throw JournalFailure(.unusable, "\(name):1: \"\(run.id)\" is no run's name: this was not written by fleet")
        }
        let years = Instant.epoch...Instant(seconds: 253_402_300_799)
        let times = [run.startedAt, run.finishedAt, plan?.pinnedAt].compactMap(\.self) + acts.map(\.time)
        guard times.allSatisfy(years.contains) else {
            throw JournalFailure(
                .unusable, "\(name):1: a time outside the years 1970 to 9999: this was not written by fleet")
        }
    }

    private static func decode<Value: Decodable>(_ line: Substring) -> Value? {
        try? JSONDecoder().decode(Value.self, from: Data(line.utf8))
    }
}

// MARK: - The wire form, frozen as fleet.journal/v1

extension RunArchive {
    private struct Head: Codable {
        var schema: String
        var run: Run
        var plan: Plan?
        var acts: [Act]?
    }

    private struct Act: Codable {
        var time: Int64
        var by, what, detail: String
        var subject, outcome: String?

        init(_ act: OperatorAct) {
            (time, by, what, detail) = (act.time.microseconds, act.by, act.what, act.detail)
            (subject, outcome) = (act.subject, act.outcome?.rawValue)
        }

        func act(of run: Run) -> OperatorAct {
            OperatorAct(
                cluster: ObjectUID(run.cluster), time: Instant(microseconds: time), by: by, run: RunID(run.id),
                what: what, subject: subject, outcome: outcome.flatMap(OperatorAct.Outcome.init(rawValue:)),
                detail: detail)
        }
    }

    private struct Run: Codable {
        var id, cluster, playbook, planDigest, planName: String
        var startedAt: Int64
        var finishedAt: Int64?
        var result: String?
        var pin: String?

        init(_ run: StoredRun) {
            (id, cluster, playbook) = (run.id.rawValue, run.cluster.rawValue, run.playbook)
            (planDigest, planName, startedAt) = (run.planDigest, run.planName, run.startedAt.microseconds)
            (finishedAt, result, pin) = (run.finishedAt?.microseconds, run.result, run.pin)
        }

        var stored: StoredRun {
            StoredRun(
                id: RunID(id), cluster: ObjectUID(cluster), playbook: playbook, planDigest: planDigest,
                planName: planName, startedAt: Instant(microseconds: startedAt),
                finishedAt: finishedAt.map(Instant.init(microseconds:)), result: result, pin: pin)
        }
    }

    private struct Plan: Codable {
        var cluster, playbook, name, digest, content: String
        var pinnedAt: Int64
        var pin: String?

        init(_ plan: StoredPlan) {
            (cluster, playbook, name) = (plan.cluster.rawValue, plan.playbook, plan.name)
            (digest, pinnedAt, pin) = (plan.digest, plan.pinnedAt.microseconds, plan.pin)
            content = String(decoding: plan.content, as: UTF8.self)
        }

        var stored: StoredPlan {
            StoredPlan(
                cluster: ObjectUID(cluster), playbook: playbook, name: name, digest: digest,
                pinnedAt: Instant(microseconds: pinnedAt), content: Array(content.utf8), pin: pin)
        }
    }

    private struct Record: Codable {
        var sequence: Int64
        var kind: String
        var version: Int
        var time: Int64
        var payload: String

        init(_ record: JournalRecord) {
            (sequence, kind, version) = (record.sequence, record.kind, record.version)
            (time, payload) = (record.time.microseconds, String(decoding: record.payload, as: UTF8.self))
        }

        var journal: JournalRecord {
            JournalRecord(
                sequence: sequence, kind: kind, version: version, time: Instant(microseconds: time),
                payload: Array(payload.utf8))
        }
    }

    private struct Seal: Codable {
        var records: Int
        var sha256: String
    }
}
