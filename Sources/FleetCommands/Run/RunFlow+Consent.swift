import FleetJournal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetReport
import FleetRuntime

// What is looked at, and asked, before anything is changed.
extension RunFlow {
    /// A run goes on in the cluster, and by the plan, that it began with: whatever else the options name is another's.
    static func refuse(_ run: StoredRun, unlessIn preparation: Preparation) throws {
        try run.refuseOtherCluster(preparation.plan.cluster)
        let plan = preparation.plan
        guard plan.playbook == run.playbook, plan.name == run.planName else {
            throw Refusal(
                "run \(run.id) is of playbook \(run.playbook), plan \"\(run.planName)\", and what was given here is \(plan.playbook), plan \"\(plan.name)\"; nothing was changed",
                hint: "give the file of the playbook that it was begun with: --playbook FILE")
        }
        guard preparation.pinned?.digest == run.planDigest else {
            throw Refusal(
                "the plan of run \(run.id) was dropped or pinned anew, so it cannot be gone on with; nothing was changed",
                hint: "undo what it left for a time: fleet abort \(run.id), or fleet leftovers --restore")
        }
    }

    static func refusal(of run: StoredRun, in progress: PlanProgress) -> Refusal {
        guard let other = progress.unfinished?.stored.id else {
            return Refusal("run \(run.id) has nothing left to go on with; nothing was changed", hint: "see: fleet runs")
        }
        return Refusal(
            "run \(other) of the same plan is unfinished too, and newer than \(run.id); nothing was changed",
            hint: "go on with it first: fleet resume \(other); or end one of them: fleet abort \(run.id)")
    }

    func refuseDrift(_ preparation: Preparation, _ unfinished: PlanProgress.Run?) throws {
        let drift = preparation.drift
        guard !drift.isEmpty else { return }
        let lines = drift.prefix(20).map { "  \($0)" }.joined(separator: "\n")
        // A plan is not pinned anew while a run of it is unfinished.
        let hint =
            unfinished.map {
                "put that back as it was and go on (fleet resume \($0.stored.id)), or end the run first (fleet abort \($0.stored.id)); then: fleet plan \(source.playbook) --repin"
            }
            ?? "look at it with: fleet plan \(source.playbook); pin a new one with --repin, or drop it with --drop"
        throw Refusal("the pinned plan \"\(preparation.plan.name)\" no longer fits:\n\(lines)", hint: hint)
    }

    func show(_ plan: Plan) throws {
        output.report(PlanReport(plan))
        guard let first = plan.blockers.first else { return }
        let more = plan.blockers.count > 1 ? " and \(plan.blockers.count - 1) more" : ""
        throw Refusal(
            "the plan is blocked: \(first.subject): \(first.message)\(more); nothing was changed", hint: first.remedy)
    }

    /// Critical pods are moved only when somebody says so by name; `--yes` does not (safety rule 20).
    ///
    /// Returns what was said yes to at a question.
    func approve(_ plan: Plan) throws -> [String] {
        let critical = plan.findings.filter { $0.code == .criticalPod }.map(\.subject)
        guard !critical.isEmpty, !wishes.approvals.contains(Self.criticalPods) else { return [] }
        let names = Set(critical).sorted().joined(separator: ", ")
        if output.isInteractive, output.ask("Critical pods would be moved: \(names). Move them? [y/N] ") {
            return [Self.criticalPods]
        }
        throw Refusal(
            "critical pods would be moved: \(names); nothing was changed",
            hint: "approve that with: --approve \(Self.criticalPods)", isResumable: true
        )
    }

    private static let criticalPods = "critical-pods"

    /// Returns what was said yes to at the question.
    func confirm(_ plan: Plan, _ waves: [PlannedWave]) throws -> [String] {
        guard !wishes.isConfirmed else { return [] }
        let nodes = waves.flatMap(\.targets).count
        let question = "Run \(source.playbook) on \(nodes) nodes in \(waves.count) waves? [y/N] "
        guard output.isInteractive else {
            throw UsageError("there is no terminal to ask on: say --yes to run \(source.playbook) on \(nodes) nodes")
        }
        guard output.ask(question) else { throw Refusal("not confirmed; nothing was changed") }
        return ["run"]
    }
}
