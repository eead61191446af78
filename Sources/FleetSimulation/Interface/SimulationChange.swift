public import FleetModel

/// One change of one object, in the order of the global version counter; a watch delivers it.
public struct SimulationChange: Hashable, Sendable {
    /// What happened to the object.
    public enum Event: String, Hashable, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
    }

    /// When it happened, on the virtual clock.
    public var instant: Instant
    /// What happened.
    public var event: Event
    /// The whole new state; the last state, with the deletion's version, when it was deleted.
    public var stored: StoredObject

    /// A change.
    public init(instant: Instant, event: Event, stored: StoredObject) {
        self.instant = instant
        self.event = event
        self.stored = stored
    }

    /// The change in the model's words; nil for the kinds that the model's changes leave out.
    public var clusterChange: ClusterChange? {
        let isDeletion = event == .deleted
        switch stored.object {
        case .namespace, .claim, .volume: return nil
        case .node(let node): return isDeletion ? .nodeDeleted(node.name, uid: node.uid) : .node(node)
        case .pod(let pod): return isDeletion ? .podDeleted(pod.reference) : .pod(pod)
        case .budget(let budget): return isDeletion ? .budgetDeleted(budget.key) : .budget(budget)
        case .workload(let workload):
            return isDeletion ? .workloadDeleted(workload.reference) : .workload(workload)
        case .autoscaler(let autoscaler):
            return isDeletion ? .autoscalerDeleted(autoscaler.key) : .autoscaler(autoscaler)
        case .attachment(let attachment):
            return isDeletion ? .attachmentDeleted(name: attachment.name) : .attachment(attachment)
        }
    }
}
