import FleetJournal
import FleetModel
import FleetPlanning
import FleetRun

/// Machines that a provider was asked for by a run that ended before they were of use: nobody else names them.
enum StrayMachines {
    /// Tells of those of a run that was ended, or failed.
    static func tell(
        of run: RunID, _ result: RunResult, plan: Plan, pin: String?, in journal: SQLiteJournal, _ output: Output
    ) async throws {
        guard result != .done, result.isFinal else { return }
        let acts = try await journal.acts()
        guard acts.contains(where: { $0.run == run && $0.what == ProvidedHosts.creation }) else { return }
        let finished = try await PlanProgress.read(plan, pin: pin, from: journal).finished
        let strays = plan.targets.filter { $0.isNewcomer == true && !finished.contains($0.node) }.map(\.host)
        guard !strays.isEmpty else { return }
        output.warning(
            "a provider was asked for machines that came to no use: \(strays.joined(separator: ", ")); delete those that it made, or go on with them: fleet run \(plan.playbook)"
        )
    }
}
