public import FleetExpressions
import FleetModel
import FleetPlanning

/// `etcd_quorum: {without_host, timeout}` – etcd keeps its quorum while a control-plane host is away, and has its members
/// back afterwards (safety rule 3).
///
/// Playbooks of the control plane that do not say it get it by themselves, around what may stop etcd on a host.
public struct EtcdQuorumStep: Step {
    /// `etcd_quorum`.
    public static let kind = "etcd_quorum"
    /// What it does, for editors and lists.
    public static let purpose =
        "etcd keeps its quorum without this control-plane host, or has all it needs with it; other nodes pass."

    /// Whether the other members must be a quorum without the host's own.
    public var isWithoutHost: Bool
    /// How long members may be ill before the node is set aside.
    public var timeout: Duration

    /// Reads `without_host` (false) and `timeout` (5m).
    public init?(_ arguments: inout LocatedDecoder) {
        isWithoutHost = arguments.optional("without_host", .bool) ?? false
        timeout = arguments.optional("timeout", .duration) ?? Self.usualTimeout
    }

    init(isWithoutHost: Bool) {
        self.isWithoutHost = isWithoutHost
        timeout = Self.usualTimeout
    }

    /// `ask whether etcd keeps its quorum without the host`.
    public var title: String {
        isWithoutHost ? "ask whether etcd keeps its quorum without the host" : "ask whether etcd is well"
    }
    /// Asks another host, and changes nothing.
    public var traits: StepTraits { [.asksControlPlane, .repeatable, .onlyLooks] }

    /// Asks one control-plane host after another until one says that etcd is well, or the time is over.
    public func advance(_ context: StepContext) -> StepProgress {
        guard context.target.isControlPlane else { return .done(changed: false, "no control-plane host") }
        let question: StepOperation
        do throws(StepRefusal) {
            question = try context.etcdQuestion(Self.question, mayAskItself: true)
        } catch { return .failed("\(error)") }
        let (result, next) = context.answer(to: question)
        guard let result else { return next }
        guard let doubt = doubt(result, about: context.target) else { return .done(changed: false, "etcd is well") }
        let deadline = context.memory.startedAt + timeout
        guard context.now < deadline else { return .failed("after \(timeout.text): \(doubt)") }
        return context.again(question, every: .seconds(5), until: deadline, because: "\(doubt); asking again")
    }

    /// Asks once.
    public func preview(_ context: StepContext) -> StepPreview {
        guard context.target.isControlPlane else { return StepPreview(["would ask nothing: no control-plane host"]) }
        do throws(StepRefusal) {
            let question = try context.etcdQuestion(Self.question, mayAskItself: true)
            return StepPreview(["would \(title)"], looks: [question])
        } catch { return StepPreview(["cannot \(title): \(error)"]) }
    }

    private func doubt(_ result: OperationResult, about target: PlanTarget) -> String? {
        switch result.etcd {
        case .failure(let refusal): refusal.description
        case .success(let etcd): isWithoutHost ? etcd.doubt(without: target) : etcd.doubt(after: target)
        }
    }

    private static let question = "members"
    private static let usualTimeout = Duration.seconds(300)
}

extension [PlannedStep] {
    /// The steps of a playbook of the control plane: before the first that may stop etcd on a host the others must be a
    /// quorum, and after the last etcd must be well (safety rule 3); where the playbook does not ask for that itself.
    public var guardingEtcd: [PlannedStep] {
        let interrupting = indices.filter { self[$0].step.traits.contains(.interruptsHost) }
        guard let first = interrupting.first, let last = interrupting.last else { return self }
        var steps = self
        if !self[last...].contains(where: { ($0.step as? EtcdQuorumStep)?.isWithoutHost == false }) {
            steps.append(PlannedStep(step: EtcdQuorumStep(isWithoutHost: false)))
        }
        if !self[..<first].contains(where: { ($0.step as? EtcdQuorumStep)?.isWithoutHost == true }) {
            var before = PlannedStep(step: EtcdQuorumStep(isWithoutHost: true))
            before.isForNewcomers = self[first].isForNewcomers
            steps.insert(before, at: first)
        }
        return steps
    }
}
