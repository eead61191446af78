import FleetModel

/// Pod garbage collection (`pkg/controller/podgc/gc_controller.go`).
extension SimulatedCluster {
    /// Pods of a node that has just gone are looked at after the quarantine, at the loop's next round.
    mutating func planOrphanCollection(_ name: NodeName) {
        queue.add(.collectOrphans(name), at: nextRound(after: nextRound(after: now) + settings.orphanQuarantine))
    }

    private func nextRound(after instant: Instant) -> Instant {
        let period = max(1, settings.podGarbageCollection.wholeMicroseconds)
        return Instant(microseconds: (instant.microseconds / period + 1) * period)
    }

    mutating func collectOrphans(of name: NodeName) {
        guard nodeIndex(name) == nil else { return }
        for index in orphans[name] ?? [] { forceDelete(index, reason: "DeletionByPodGC") }
    }

    /// Node out of service: its terminating pods go by force.
    mutating func collectOutOfService(_ node: Int, token: UInt32) {
        guard nodes[node].isLive, nodes[node].token == token, isOutOfService(nodes[node].node) else { return }
        for index in nodes[node].pods.map(Int.init).sorted() where pods[index].pod.isTerminating {
            forceDelete(index, reason: "DeletionByPodGC")
        }
    }

    func isOutOfService(_ node: Node) -> Bool {
        !node.isReady && node.taints.contains { $0.key == "node.kubernetes.io/out-of-service" }
    }

    mutating func planOutOfService(_ node: Int) {
        guard isOutOfService(nodes[node].node) else { return }
        queue.add(.collectOutOfService(node, token: nodes[node].token), at: nextRound(after: now))
    }

    /// Phase Failed, condition `DisruptionTarget`, and a delete with grace 0.
    private mutating func forceDelete(_ index: Int, reason: String) {
        let instant = now
        change(index) {
            if !$0.pod.isFinished { $0.pod.phase = .failed }
            $0.pod.isReady = false
            $0.pod.isDisruptionTarget = true
            $0.disruptionReason = reason
            $0.deletionGrace = 0
            $0.pod.deletionTime = min($0.pod.deletionTime ?? instant, instant)
        }
        if pods[index].pod.finalizers.isEmpty { remove(index) }
    }
}
