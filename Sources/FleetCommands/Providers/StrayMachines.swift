import FleetJournal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun

/// Machines that a provider was asked for by a run that ended before they were of use: nobody else names them.
enum StrayMachines {
    /// Tells of those of a plan whose run was ended, or failed.
    static func tell(
        after result: RunResult, plan: Plan, pin: String?, in journal: SQLiteJournal, _ output: Output
    ) async {
        guard result != .done, result.isFinal else { return }
        do {
            let acts = try await journal.acts().filter {
                $0.cluster == plan.cluster && $0.what == ProvidedHosts.creation
            }
            let asked = Set(acts.compactMap(\.subject))
            let finished = try await PlanProgress.read(plan, pin: pin, from: journal).finished
            let strays = plan.targets.filter { asked.contains($0.host) && !finished.contains($0.node) }.map(\.host)
            guard !strays.isEmpty else { return }
            output.warning(
                "a provider was asked for machines that came to no use: \(strays.joined(separator: ", ")); delete those that it made, or go on with them: fleet run \(plan.playbook)"
            )
        } catch {
            output.warning("whether a provider made machines that came to no use cannot be told: \(error)")
        }
    }
}
