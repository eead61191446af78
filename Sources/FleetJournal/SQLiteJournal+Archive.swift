public import FleetModel
public import FleetPorts
import GRDB

extension SQLiteJournal {
    /// A run with its plan and all its records.
    public func archive(of run: RunID) async throws(JournalFailure) -> RunArchive {
        try await read { db in
            guard let stored = try RunTable.all(in: db).first(where: { $0.id == run }) else { throw Self.unknown(run) }
            let plan = try PlanTable.plan(stored.cluster, stored.playbook, stored.planName, in: db)
            return RunArchive(
                run: stored, plan: plan?.digest == stored.planDigest ? plan : nil,
                records: try RecordTable.records(of: run, in: db), acts: try ActTable.all(of: run, in: db))
        }
    }

    /// Takes in a run from elsewhere, all or nothing; returns how many records were new.
    ///
    /// A run that is here already is gone on with where the archive begins with what is here.
    ///
    /// - Throws: `locked` while a process writes the run or another plan is pinned under the same key, `failed` when
    ///   the records here and there differ.
    public func take(_ archive: RunArchive) async throws(JournalFailure) -> Int {
        let run = archive.run.id
        try reserve(run)
        defer { release(run) }
        return try await access { db in
            let isNew = try !RunTable.exists(run, in: db)
            let known = isNew ? [] : try RecordTable.records(of: run, in: db)
            guard archive.records.starts(with: known) else {
                throw JournalFailure(
                    .failed, "run \(run) is here already, and has gone another way since; nothing was imported")
            }
            try Self.pin(archive, in: db)
            if isNew { try RunTable.insert(archive.run, in: db) }
            if archive.isOfItsPlan { try RunTable.adopt(run, in: db) }
            for record in archive.records.dropFirst(known.count) { try RecordTable.insert(record, of: run, in: db) }
            let told = Set(try ActTable.all(of: run, in: db))
            for act in archive.acts where !told.contains(act) { try ActTable.insert(act, in: db) }
            if let time = archive.run.finishedAt, let result = archive.run.result {
                try RunTable.finish(run, result: result, at: time, in: db)
            }
            return archive.records.count - known.count
        }
    }

    private static func pin(_ archive: RunArchive, in db: Database) throws {
        guard let plan = archive.plan else { return }
        guard let known = try PlanTable.plan(plan.cluster, plan.playbook, plan.name, in: db) else {
            return try PlanTable.insert(plan, in: db)
        }
        guard known.digest != plan.digest else { return }
        throw JournalFailure(
            .locked,
            "another plan \(plan.name) of playbook \(plan.playbook) is pinned here (digest \(known.digest.prefix(12)), "
                + "not \(plan.digest.prefix(12))): drop it first with `fleet plan \(plan.playbook) --drop`")
    }
}
