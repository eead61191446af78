import FleetModel

/// Hosts: kubelets stop and start, machines lose power, Nodes are registered.
extension SimulatedCluster {
    mutating func perform(_ action: HostAction, on name: NodeName) -> SimulationReply {
        guard hosts[name] != nil else {
            return .refused(.notFound(ObjectIdentity(.node, ObjectKey("", name.rawValue))))
        }
        switch action {
        case .stopKubelet: stop(name, .stopped)
        case .disableKubelet: stop(name, .disabled)
        case .startKubelet: start(name)
        case .reset:
            stop(name, .stopped)
            hosts[name]?.host.isJoined = false
            dropContainers(name)
        case .join:
            hosts[name]?.host.isJoined = true
            start(name)
        case .powerOff: powerOff(name)
        case .powerOn: plan(.powerOn(name, boot: hosts[name]?.boot ?? 0), after: .zero)
        case .reboot:
            powerOff(name)
            plan(.powerOn(name, boot: hosts[name]?.boot ?? 0), after: settings.rebootDuration)
        }
        return .done(nodeIndex(name).map(storedNode))
    }

    mutating func addHost(_ host: HostState) {
        hosts[host.name] = HostRecord(host: host)
        if host.isKubeletAlive { start(host.name) }
    }

    private mutating func stop(_ name: NodeName, _ state: HostState.Kubelet) {
        let wasAlive = isHostAlive(name)
        hosts[name]?.host.kubelet = state
        if wasAlive { fallSilent(name) }
    }

    private mutating func powerOff(_ name: NodeName) {
        let wasAlive = isHostAlive(name)
        hosts[name]?.host.isPoweredOn = false
        if wasAlive { fallSilent(name) }
    }

    private mutating func fallSilent(_ name: NodeName) {
        hosts[name]?.boot += 1
        hosts[name]?.host.hasRegistered = false
        let boot = hosts[name]?.boot ?? 0
        plan(.heartbeatLost(name, boot: boot), after: settings.nodeMonitorGrace)
        guard let index = nodeIndex(name) else { return }
        for pod in nodes[index].pods.map(Int.init) { pods[pod].kubeletToken &+= 1 }
    }

    mutating func powerOn(_ name: NodeName, boot: UInt32) {
        guard let record = hosts[name], record.boot == boot, !record.host.isPoweredOn else { return }
        hosts[name]?.host.isPoweredOn = true
        restartContainers(name)
        if record.host.kubelet == .stopped || record.host.kubelet == .running { start(name) }
    }

    private mutating func start(_ name: NodeName) {
        guard let record = hosts[name] else { return }
        hosts[name]?.host.kubelet = .running
        guard record.host.isPoweredOn, record.host.isJoined else { return }
        hosts[name]?.boot += 1
        plan(.kubeletStarted(name, boot: record.boot + 1), after: settings.kubeletStart)
    }

    /// A new kubelet process: it registers the Node if that is missing, reports Ready and takes up its pods.
    mutating func finishKubeletStart(_ name: NodeName, boot: UInt32) {
        guard let record = hosts[name], record.boot == boot, record.host.isKubeletAlive else { return }
        if nodeIndex(name) == nil { register(record.host) }
        hosts[name]?.host.hasRegistered = true
        setReadiness(name, .ready)
        guard let index = nodeIndex(name) else { return }
        for pod in nodes[index].pods.map(Int.init).sorted() { startKubelet(pod) }
    }

    private mutating func register(_ host: HostState) {
        var node = host.node
        node.uid = ""
        node.createdAt = .epoch
        node.isCordoned = false
        node.readiness = .notReady
        node.taints = host.registrationTaints + [Taint(key: "node.kubernetes.io/not-ready", effect: .noSchedule)]
        node.annotations = [:]
        node.volumesInUse = []
        insert(node)
    }

    /// Containers of a host that was off start anew.
    private mutating func restartContainers(_ name: NodeName) {
        guard let index = nodeIndex(name) else { return }
        for pod in nodes[index].pods.map(Int.init).sorted() where !pods[pod].pod.isFinished {
            setReady(pod, false)
        }
    }

    private mutating func dropContainers(_ name: NodeName) {
        guard let index = nodeIndex(name) else { return }
        for pod in nodes[index].pods.map(Int.init).sorted() { setReady(pod, false) }
    }
}
