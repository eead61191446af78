public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `remove_daemon_pods: {timeout}` – DaemonSets' pods leave too, so that the node is empty (D13, safety rule 16).
///
/// Only on a node that this run drained, and when no volume is attached to it any more. A taint of fleet's keeps daemons
/// from coming back, then their pods are deleted; those of the network plugin and of storage drivers go last, when the taint
/// becomes NoExecute, and with them those that would come back as long as it is not. What tolerates the taint is named and left. The taint goes when the node's steps are done.
public struct RemoveDaemonPodsStep: Step {
    /// `remove_daemon_pods`.
    public static let kind = "remove_daemon_pods"
    /// What it does, for editors and lists.
    public static let purpose = "DaemonSets' pods leave too, network and storage last, so that the node is empty."
    /// The taint's key.
    public static let taint = "fleet.run/emptying"

    /// How long it may take altogether.
    public var timeout: Duration

    /// Reads `timeout` (5m).
    public init?(_ arguments: inout LocatedDecoder) {
        timeout = arguments.optional("timeout", .duration) ?? .seconds(300)
    }

    /// `remove DaemonSets' pods`.
    public var title: String { "remove DaemonSets' pods" }
    /// Repeatable.
    public var traits: StepTraits { .repeatable }
    /// The taint.
    public var temporary: Set<Compensation.Kind> { [.nodeTaint] }
    /// What the API must permit.
    public var access: [AccessQuestion] {
        [AccessQuestion("get", "nodes"), AccessQuestion("patch", "nodes"), AccessQuestion("delete", "pods")]
    }

    /// Taints, deletes, taints again, and waits until nothing is left but what tolerates it.
    public func advance(_ context: StepContext) -> StepProgress {
        guard let node = context.current else { return .done(changed: false, "the Node is gone") }
        guard context.node.isDrained else {
            return .failed("\(title): the node was not drained by this run; drain and verify_drained come first")
        }
        let volumes = context.world.attachments(on: node.name).map(\.name)
        guard volumes.isEmpty else {
            return .failed(
                "\(title): volumes are still attached (\(volumes.joined(separator: ", "))); wait_volumes_detached comes first"
            )
        }
        let daemons = Daemons(on: node, in: context.world)
        let late = context.now >= context.memory.startedAt + timeout
        let names = (daemons.ordinary + daemons.last).map(\.key.description).joined(separator: ", ")
        if late, !daemons.isGone {
            return .failed("after \(timeout.text) these DaemonSets' pods are still there: \(names)")
        }
        guard has(.noSchedule, node) else { return add(.noSchedule, to: node, in: context) }
        if !daemons.ordinary.isEmpty { return delete(daemons.ordinary, in: context) }
        guard has(.noExecute, node) else { return add(.noExecute, to: node, in: context) }
        guard daemons.isGone else {
            return .wait("DaemonSets' pods to leave: \(names)", until: context.memory.startedAt + timeout)
        }
        let left = daemons.tolerating.map(\.key.description).joined(separator: ", ")
        return .done(
            changed: true,
            left.isEmpty ? "no DaemonSet's pod is left" : "removed; left, since they tolerate every taint: \(left)")
    }

    /// Names what would go, in which order, and what would stay.
    public func preview(_ context: StepContext) -> StepPreview {
        guard let node = context.current else { return StepPreview(["the Node is gone"]) }
        let daemons = Daemons(on: node, in: context.world)
        let lines = [
            ("would remove", daemons.ordinary), ("then", daemons.last),
            ("would leave, since they tolerate the taint:", daemons.tolerating),
        ].filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.map(\.key.description).joined(separator: ", "))" }
        return StepPreview(lines.isEmpty ? ["no DaemonSet has a pod here"] : lines)
    }

    private func has(_ effect: TaintEffect, _ node: Node) -> Bool {
        node.taints.contains { $0.key == Self.taint && $0.effect == effect }
    }

    private func add(_ effect: TaintEffect, to node: Node, in context: StepContext) -> StepProgress {
        let change = Compensation.taint(Self.taint, of: node)
        let note = change.note(by: context.run.id)
        let patch = NodePatch(
            annotations: [note.key: note.value], addTaints: [Taint(key: Self.taint, effect: effect)])
        return context.request(
            "taint \(effect.rawValue)", "taint \(node.name) \(Self.taint):\(effect.rawValue)",
            .patchNode(node.name, uid: node.uid, patch), compensation: change, waitingFor: "the taint")
    }

    private func delete(_ pods: [Pod], in context: StepContext) -> StepProgress {
        let names = pods.map(\.key.description).joined(separator: ", ")
        var acts: [StepOperation] = []
        for pod in pods where !pod.isTerminating {
            let key = "delete \(pod.uid)"
            let request = ClusterRequest.deletePod(pod.reference, gracePeriodSeconds: nil)
            switch context.request(key, "delete pod \(pod.key)", request, waitingFor: names) {
            case .perform(let more, _): acts += more
            case .failed(let reason, let findings), .unsuccessful(let reason, let findings):
                return .failed(reason, findings)
            case .wait, .blocked, .done: break
            }
        }
        let reason = "DaemonSets' pods to leave: \(names)"
        return acts.isEmpty
            ? .wait(reason, until: context.memory.startedAt + timeout) : .perform(acts, waitingFor: reason)
    }

    /// The DaemonSets' pods of a node by when they go.
    private struct Daemons {
        /// Those that nothing else on the node needs.
        var ordinary: [Pod] = []
        /// The network plugin's and storage drivers', and those that a NoSchedule taint does not keep away.
        var last: [Pod] = []
        /// Those that tolerate the taint for ever.
        var tolerating: [Pod] = []

        var isGone: Bool { ordinary.isEmpty && last.isEmpty }

        init(on node: Node, in world: World) {
            for pod in world.pods(on: node.name) where pod.isDaemon && !pod.isFinished {
                if Self.stays(pod, despite: .noExecute) {
                    tolerating.append(pod)
                } else if Self.isFoundation(pod) || Self.stays(pod, despite: .noSchedule) {
                    last.append(pod)
                } else {
                    ordinary.append(pod)
                }
            }
        }

        private static func stays(_ pod: Pod, despite effect: TaintEffect) -> Bool {
            let taint = Taint(key: RemoveDaemonPodsStep.taint, effect: effect)
            return pod.constraints.tolerations.contains { $0.tolerates(taint) && $0.seconds == nil }
        }

        private static let folders = [
            "/etc/cni", "/opt/cni", "/var/lib/cni", "/run/calico", "/var/run/calico", "/run/cilium", "/var/run/cilium",
            "/run/flannel", "/var/lib/kubelet/plugins",
        ]

        /// What sets up networks or mounts for other pods, known by the host's folders that it takes.
        private static func isFoundation(_ pod: Pod) -> Bool {
            pod.volumes.contains { volume in
                guard case .hostPath(_, let path) = volume else { return false }
                return folders.contains { path == $0 || path.hasPrefix($0 + "/") || path.hasPrefix($0 + "_") }
            }
        }
    }
}
