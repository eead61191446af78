import FleetModel

/// Graceful deletion of pods (`rest/delete.go:BeforeDelete`, `strategy.go:CheckGracefulDelete`).
extension SimulatedCluster {
    mutating func deletePod(_ key: ObjectKey, _ options: DeleteOptions) -> SimulationReply {
        guard let index = podIndex[key] else { return .refused(.notFound(ObjectIdentity(.pod, key))) }
        if let refusal = failedPrecondition(index, options) { return .refused(refusal) }
        guard !options.isDryRun else { return .done(wouldBeDeleted(index, options)) }
        let before = storedPod(index)
        beginDeletion(index, grace: options.gracePeriodSeconds)
        return .done(
            pods[index].isLive && pods[index].pod.uid == before.detail.uid ? storedPod(index) : lastState(of: before))
    }

    func failedPrecondition(_ index: Int, _ options: DeleteOptions) -> SimulationRefusal? {
        let identity = ObjectIdentity(.pod, pods[index].pod.key)
        if let uid = options.uid, uid != pods[index].pod.uid {
            return .precondition(identity, "UID", wanted: uid.rawValue, found: pods[index].pod.uid.rawValue)
        }
        if let version = options.resourceVersion, version != pods[index].pod.resourceVersion {
            return .precondition(
                identity, "ResourceVersion", wanted: version, found: pods[index].pod.resourceVersion)
        }
        return nil
    }

    private func effectiveGrace(_ pod: Pod, _ grace: Int64?) -> Int64 {
        if pod.nodeName == nil || pod.isFinished { return 0 }
        let wanted = grace ?? pod.gracePeriodSeconds
        return wanted < 0 ? 1 : wanted
    }

    /// What a deletion would make of the pod.
    private func wouldBeDeleted(_ index: Int, _ options: DeleteOptions) -> StoredObject {
        var stored = storedPod(index)
        guard case .pod(var pod) = stored.object, !pod.isTerminating else { return stored }
        let grace = effectiveGrace(pod, options.gracePeriodSeconds)
        pod.deletionTime = now + .seconds(grace)
        stored.object = .pod(pod)
        stored.detail.deletionGracePeriodSeconds = grace
        stored.detail.generation += 1
        return stored
    }

    private func lastState(of stored: StoredObject) -> StoredObject {
        var last = stored
        guard case .pod(var pod) = stored.object else { return last }
        if !pod.isTerminating { last.detail.generation += 1 }
        pod.deletionTime = pod.deletionTime ?? now
        last.object = .pod(pod)
        last.detail.deletionGracePeriodSeconds = 0
        last.resourceVersion = resourceVersion
        return last
    }

    /// Begins a pod's deletion, or shortens the one that is under way.
    mutating func beginDeletion(_ index: Int, grace: Int64?) {
        let wanted = effectiveGrace(pods[index].pod, grace)
        if let end = pods[index].pod.deletionTime {
            guard grace != nil || wanted == 0, now + .seconds(wanted) < end else { return }
        }
        let instant = now
        change(index) {
            if $0.pod.deletionTime == nil { $0.generation += 1 }
            $0.pod.deletionTime = instant + .seconds(wanted)
            $0.deletionGrace = wanted
        }
        scheduler.unschedulable.remove(index)
        if wanted == 0 {
            if pods[index].pod.finalizers.isEmpty { remove(index) }
        } else {
            startKubelet(index)
        }
    }
}
