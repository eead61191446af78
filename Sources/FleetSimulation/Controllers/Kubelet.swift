import FleetModel

/// The kubelets: pods start, become Ready, stop within their grace and are finally deleted.
extension SimulatedCluster {
    /// Whether the node's kubelet looks after its pods.
    func isHostAlive(_ name: NodeName) -> Bool { hosts[name]?.host.isKubeletAlive ?? false }

    /// Begins (or resumes) a bound pod's life; the kubelet looks at it at once.
    mutating func startKubelet(_ index: Int) {
        pods[index].kubeletToken &+= 1
        guard let name = pods[index].pod.nodeName, isHostAlive(name), let delay = nextDelay(index) else { return }
        plan(.kubeletStep(index, token: pods[index].kubeletToken), after: delay)
    }

    /// How long the pod's next step takes; nil when it rests.
    private mutating func nextDelay(_ index: Int) -> Duration? {
        let pod = pods[index].pod
        if pod.isTerminating { return pod.isFinished ? settings.podCleanup : stopDelay(index) }
        switch pod.phase {
        case .pending: return timing(pod, "start") ?? random.duration(settings.podStart)
        case .running where !pod.isReady && pods[index].probe != false:
            return timing(pod, "ready") ?? random.duration(settings.podReady)
        case .running where pod.isReady && pod.isOfJob: return timing(pod, "run") ?? settings.jobTime
        default: return nil
        }
    }

    /// Until the containers have stopped: the pod's own time, at most until the grace period ends.
    private mutating func stopDelay(_ index: Int) -> Duration {
        let pod = pods[index].pod
        guard let end = pod.deletionTime else { return .zero }
        if pods[index].stopsAt == nil {
            let own = timing(pod, "stop") ?? random.duration(settings.podStop)
            pods[index].stopsAt = pods[index].ignoresTermination ? end : now + own
        }
        let stops = min(pods[index].stopsAt ?? end, end)
        return max(.zero, stops - now)
    }

    /// A pod's own timing, by annotation `simulation.fleet/start`, `/ready`, `/run` (a Job's) or `/stop`.
    private func timing(_ pod: Pod, _ name: String) -> Duration? {
        guard !pod.annotations.isEmpty else { return nil }
        return pod.annotations["simulation.fleet/\(name)"].flatMap(Duration.init(text:))
    }

    mutating func stepKubelet(_ index: Int, token: UInt32) {
        guard pods[index].isLive, pods[index].kubeletToken == token else { return }
        guard let name = pods[index].pod.nodeName, isHostAlive(name) else { return }
        if pods[index].pod.isTerminating { return stepTermination(index) }
        switch pods[index].pod.phase {
        case .pending: start(index)
        case .running where !pods[index].pod.isReady && pods[index].probe != false:
            setReady(index, true)
            if pods[index].pod.isOfJob { startKubelet(index) }
        case .running where pods[index].pod.isReady && pods[index].pod.isOfJob: succeed(index)
        default: break
        }
    }

    /// A Job's pod has done its work, and is not run again.
    private mutating func succeed(_ index: Int) {
        let owner = pods[index].owner
        if owner >= 0, owners[owner].wanted > 0 { owners[owner].wanted -= 1 }
        change(index) {
            $0.pod.phase = .succeeded
            $0.pod.isReady = false
        }
    }

    private mutating func start(_ index: Int) {
        guard areVolumesAttached(index) else {
            plan(.kubeletStep(index, token: pods[index].kubeletToken), after: .seconds(1))
            return
        }
        let start = now
        change(index) {
            $0.pod.phase = .running
            $0.startedAt = start
        }
        startKubelet(index)
    }

    /// Sets a pod's Ready condition.
    mutating func setReady(_ index: Int, _ isReady: Bool) {
        guard pods[index].pod.isReady != isReady else { return }
        let instant = now
        change(index) {
            $0.pod.isReady = isReady
            $0.readinessChangedAt = instant
        }
    }

    private mutating func stepTermination(_ index: Int) {
        guard pods[index].pod.isFinished else {
            let killed = pods[index].ignoresTermination
            change(index) {
                $0.pod.phase = killed ? .failed : .succeeded
                $0.pod.isReady = false
            }
            return startKubelet(index)
        }
        finishDeletion(index)
    }

    /// The kubelet's own delete with grace 0: one last update, and the object goes unless finalizers hold it.
    mutating func finishDeletion(_ index: Int) {
        if pods[index].deletionGrace != 0 {
            let instant = now
            change(index) {
                $0.deletionGrace = 0
                $0.pod.deletionTime = min($0.pod.deletionTime ?? instant, instant)
            }
        }
        if pods[index].pod.finalizers.isEmpty { remove(index) }
    }

    mutating func recreateMirror(_ old: Pod) {
        guard let name = old.nodeName, isHostAlive(name), podIndex[old.key] == nil else { return }
        var pod = old
        pod.uid = ""
        pod.createdAt = .epoch
        pod.deletionTime = nil
        pod.phase = .pending
        pod.isReady = false
        startKubelet(insert(pod))
    }
}

extension Pod {
    /// Whether it ends by itself.
    var isOfJob: Bool { self.controller?.kind == "Job" }
}
