import FleetModel
import FleetPorts
import GRDB
import NIOConcurrencyHelpers

/// Appends that arrive while a commit is under way share the next one.
final class AppendGroups: Sendable {
    private struct Request: Sendable {
        let run: RunID
        let records: [JournalRecord]
        let answer: @Sendable (Result<Void, JournalFailure>) -> Void
    }

    private struct State {
        var waiting: [Request] = []
        var committing: [Request] = []
        var results: [Result<Void, JournalFailure>] = []
        var commits = 0
    }

    private let queue: DatabaseQueue
    private let path: String
    private let state = NIOLockedValueBox(State())

    init(_ queue: DatabaseQueue, path: String) {
        self.queue = queue
        self.path = path
    }

    var commits: Int { state.withLockedValue(\.commits) }

    func append(_ records: [JournalRecord], to run: RunID) async throws(JournalFailure) {
        let result = await withCheckedContinuation { continuation in
            enqueue(Request(run: run, records: records) { continuation.resume(returning: $0) })
        }
        try result.get()
    }

    /// The first of a group asks for the commit; whoever arrives before it starts is in it.
    private func enqueue(_ request: Request) {
        let isFirst = state.withLockedValue { state in
            state.waiting.append(request)
            return state.waiting.count == 1
        }
        guard isFirst else { return }
        queue.asyncWrite(
            { db in try self.write(in: db) },
            completion: { _, result in self.answer(result) }
        )
    }

    private func write(in db: Database) throws {
        let group = state.withLockedValue { state in
            (state.committing, state.waiting) = (state.waiting, [])
            state.commits += 1
            return state.committing
        }
        let results = try group.map { request in try Self.write(request, in: db, path) }
        state.withLockedValue { $0.results = results }
    }

    /// A request that the run's order forbids fails alone; a failure of the store fails the whole group.
    private static func write(
        _ request: Request, in db: Database, _ path: String
    ) throws -> Result<Void, JournalFailure> {
        if let refusal = try RecordTable.refusal(of: request.records, to: request.run, in: db) {
            return .failure(refusal)
        }
        for record in request.records { try RecordTable.insert(record, of: request.run, in: db) }
        return .success(())
    }

    private func answer(_ outcome: Result<Void, any Error>) {
        let (group, results) = state.withLockedValue { state in
            defer { (state.committing, state.results) = ([], []) }
            // A transaction that could not even begin (the database is busy) leaves its group waiting.
            if state.committing.isEmpty { swap(&state.committing, &state.waiting) }
            return (state.committing, state.results)
        }
        switch outcome {
        case .success: for (request, result) in zip(group, results) { request.answer(result) }
        case .failure(let error):
            let failure = JournalFailure(storing: error, path)
            for request in group { request.answer(.failure(failure)) }
        }
    }
}
