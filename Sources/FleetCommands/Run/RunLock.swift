import FleetJournal
import FleetKubernetes
import FleetModel
import FleetPorts
import FleetReport
import FleetRun
import FleetRuntime
import Foundation

/// The cluster's lock as commands take it (safety rule 23).
struct RunLock {
    let client: KubernetesClient
    let journal: SQLiteJournal
    let output: Output
    /// The run to be taken over from; nil unless asked for.
    var takeOver: RunID?

    /// Takes the lock for a run.
    ///
    /// - Throws: `LockRefusal` naming who holds it, `ClusterFailure` naming the verb and the resource that are missing.
    func take(for run: RunID, plan digest: String) async throws -> ClusterLease {
        let actor = RunEvent.Actor.current
        let claim = LockClaim(
            run: run, planDigest: digest, stateFile: journal.fileID, user: actor.user, machine: actor.machine,
            process: Self.process, place: journal.place)
        let port = LeaseClient(client: client)
        let rule = { (lock: ClusterLock?) in
            let runs = try await journal.runs()
            return LockRule(
                claim: claim, takeOver: takeOver, unfinished: unfinished(runs, lock),
                ended: Set(runs.filter { $0.finishedAt != nil }.map(\.id)).union([Self.leftovers]))
        }
        return try await ClusterLease.take(by: rule, from: port) { lock, span in
            let holder = lock.claim.map { "run \($0.run) of \($0.user)@\($0.machine)" } ?? lock.holder
            output.progress("watching the cluster's lock for \(span.short): is \(holder) still being driven?")
        }
    }

    /// The name under which `fleet leftovers` takes the lock.
    static let leftovers: RunID = "leftovers"

    /// This process, among all that ever hold the lock.
    private static let process = UUID().uuidString.lowercased()

    /// The unfinished runs of the journal, and the lock's own while another process is just about to begin it.
    private func unfinished(_ stored: [StoredRun], _ lock: ClusterLock?) -> Set<RunID> {
        var runs = Set(stored.filter { $0.finishedAt == nil }.map(\.id))
        if let holder = lock?.claim, holder.stateFile == journal.fileID, journal.isClaimedElsewhere(holder.run) {
            runs.insert(holder.run)
        }
        return runs
    }

    /// Gives back the lock of a run that is over, if a process of this state file left it held; another's is left alone.
    ///
    /// What a process of another place left, as before a reboot, is taken first, once it proves silent.
    func release(of run: RunID, as result: RunResult) async {
        let port = LeaseClient(client: client)
        do {
            let held: ClusterLock? = try await port.read()
            guard let lock = held, let claim = lock.claim, claim.run == run, claim.stateFile == journal.fileID else {
                return
            }
            guard claim.place != journal.place else {
                return try await port.release(lock, of: .now(run, result), at: RuntimeClock().now)
            }
            await release(try await take(for: run, plan: claim.planDigest), of: .now(run, result))
        } catch {
            warn(error)
        }
    }

    /// Gives the lock back, which remembers the run that ended, if one did.
    ///
    /// That it cannot be is told: the next run of this state file takes it as its own.
    func release(_ lease: ClusterLease, of ended: EndedRun? = nil) async {
        do throws(ClusterFailure) {
            try await lease.release(of: ended)
        } catch {
            warn(error)
        }
    }

    private func warn(_ failure: any Error) {
        output.warning("the lock of this cluster (Lease kube-system/fleet) could not be given back: \(failure)")
    }
}

extension EndedRun {
    /// A run that ends now, by who runs this process.
    static func now(_ run: RunID, _ result: RunResult) -> EndedRun {
        let actor = RunEvent.Actor.current
        return EndedRun(
            run: run, result: result.rawValue, by: "\(actor.user)@\(actor.machine)", at: RuntimeClock().now)
    }
}
