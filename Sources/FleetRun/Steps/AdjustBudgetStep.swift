public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `adjust_budget: {budgets: [shop/cart], max_unavailable: 1}` – budgets named here that never let a pod go permit some
/// while this node is drained, and get their own specification back afterwards, crash or not (D14).
///
/// It is a matter for the workload's owner: nothing but a budget named in the playbook is ever touched, and no pod is
/// evicted past the budget as it then stands.
public struct AdjustBudgetStep: Step {
    /// `adjust_budget`.
    public static let kind = "adjust_budget"
    /// What it does, for editors and lists.
    public static let purpose = "Budgets named here that never let a pod go permit some while the node is drained."
    /// `adjust_budget: shop/cart`.
    public static let shorthand: String? = "budgets"

    /// The budgets, by namespace and name.
    public var budgets: [ObjectKey]
    /// What they permit meanwhile; at least 1.
    public var maxUnavailable: CountOrPercent

    /// How long the disruption controller may take to see the change.
    private static let patience = Duration.seconds(120)

    /// Reads `budgets` and `max_unavailable` (1).
    public init?(_ arguments: inout LocatedDecoder) {
        maxUnavailable = arguments.optional("max_unavailable", .share) ?? .count(1)
        guard let budgets = arguments.required("budgets", .oneOrMore(of: ValueForm<ObjectKey>.objectKey)) else {
            return nil
        }
        self.budgets = budgets
    }

    /// `let shop/cart permit 1 pod`.
    public var title: String {
        "adjust \(budgets.map(\.description).joined(separator: ", ")) to maxUnavailable \(maxUnavailable)"
    }
    /// What the API must permit.
    public var access: [AccessQuestion] { [AccessQuestion("patch", "poddisruptionbudgets", group: "policy")] }
    /// Repeatable; budgets change without the node's doing.
    public var traits: StepTraits { [.repeatable, .watchesWorkloads] }
    /// Budgets' bounds.
    public var temporary: Set<Compensation.Kind> { [.budget] }

    /// Sets each budget that holds pods of the node back for ever, and waits until its status says so.
    public func advance(_ context: StepContext) -> StepProgress {
        let wanted = concerned(context)
        let pending = wanted.filter { !isAdjusted($0, context) }
        guard !pending.isEmpty else {
            let names = wanted.map { "\($0.key)" }.joined(separator: ", ")
            return .done(
                changed: !wanted.isEmpty,
                wanted.isEmpty
                    ? "no budget named here holds its pods for ever" : "\(names): maxUnavailable \(maxUnavailable)")
        }
        let names = "the status of PodDisruptionBudget \(pending.map { "\($0.key)" }.joined(separator: ", "))"
        let deadline = context.memory.startedAt + Self.patience
        guard context.now < deadline else {
            return .failed("\(names) does not show the change within \(Self.patience.text)")
        }
        var acts: [StepOperation] = []
        for budget in pending {
            if budget.maxUnavailable != maxUnavailable,
                context.hasSet("adjust \(budget.key)", notedIn: budget.annotations)
            {
                return .failed(
                    "somebody set PodDisruptionBudget \(budget.key) to \(BudgetBound(of: budget)?.description ?? "no bound") after this run had adjusted it; ask its owner"
                )
            }
            let change = Compensation.budget(budget, to: maxUnavailable, for: context.target.node)
            let note = change.note(by: context.run.id)
            let request = ClusterRequest.setBudget(
                budget.key, uid: budget.uid, BudgetBound(.maxUnavailable, maxUnavailable),
                annotations: [note.key: note.value])
            switch context.request(
                "adjust \(budget.key)", "set PodDisruptionBudget \(budget.key) to maxUnavailable \(maxUnavailable)",
                .ifUnchanged(since: budget.resourceVersion, request), compensation: change, waitingFor: names)
            {
            case .perform(let more, _): acts += more
            case .failed(let reason, let findings), .unsuccessful(let reason, let findings):
                return .failed(reason, findings)
            case .wait, .blocked, .done: break
            }
        }
        return acts.isEmpty
            ? .wait(names, until: min(deadline, context.now + .seconds(31))) : .perform(acts, waitingFor: names)
    }

    /// Names the budgets.
    public func preview(_ context: StepContext) -> StepPreview {
        let wanted = concerned(context)
        guard !wanted.isEmpty else {
            return StepPreview(["nothing to do: none of the budgets holds pods of the node back for ever"])
        }
        return StepPreview(
            wanted.map { budget in
                "would set PodDisruptionBudget \(budget.key) from \(BudgetBound(of: budget)?.description ?? "nothing") to maxUnavailable \(maxUnavailable) while it is drained"
            })
    }

    /// The named budgets that select a pod which must leave, and would never let it; or that were adjusted for this node.
    private func concerned(_ context: StepContext) -> [PodDisruptionBudget] {
        budgets.compactMap { context.world.budgets[$0] }.filter { budget in
            let isOurs = context.memory.acts["adjust \(budget.key)"] != nil
            guard context.remaining.contains(where: { budget.selects($0) }) else { return isOurs }
            return isOurs || TemporaryNote.isOn(budget, of: context.run.id)
                || BudgetRule.ceiling(of: budget, expected: budget.expectedPods) == 0
        }
    }

    private func isAdjusted(_ budget: PodDisruptionBudget, _ context: StepContext) -> Bool {
        guard case .finished(let result) = context.memory.acts["adjust \(budget.key)"]?.state, result.isSuccess else {
            return false
        }
        return budget.maxUnavailable == maxUnavailable && budget.observedGeneration >= budget.generation
    }
}

extension TemporaryNote {
    /// Whether a run's note is on a budget.
    static func isOn(_ budget: PodDisruptionBudget, of run: RunID) -> Bool {
        budget.annotations[Compensation.annotation].flatMap(TemporaryNote.init(text:))?.run == run
    }
}

extension ValueForm<CountOrPercent> {
    /// A count or percentage above zero.
    fileprivate static var share: ValueForm {
        .scalar("a number of at least 1, or a percentage from 1% to 100%") { scalar in
            CountOrPercent(text: scalar.text).flatMap { [.count(0), .percent(0)].contains($0) ? nil : $0 }
        }
    }
}
