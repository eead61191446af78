import FleetModel

/// Creating, replacing, scaling, binding and deleting objects, as kubectl asks for it.
extension SimulatedCluster {
    // MARK: Create

    mutating func create(_ object: SimulationObject, isDryRun: Bool) -> SimulationReply {
        let identity = object.identity
        if identity.kind.isNamespaced {
            guard let namespace = namespaces[identity.key.namespace] else {
                return .refused(.namespaceMissing(identity.key.namespace))
            }
            if namespace.value.isTerminating { return .refused(.namespaceTerminating(identity)) }
        }
        guard stored(identity) == nil else { return .refused(.alreadyExists(identity)) }
        guard !isDryRun else { return .done(unsaved(object)) }
        insertNew(object)
        return .done(stored(identity))
    }

    private func unsaved(_ object: SimulationObject) -> StoredObject {
        StoredObject(object: object, detail: ObjectDetail(createdAt: now, generation: 1), resourceVersion: 0)
    }

    private mutating func insertNew(_ object: SimulationObject) {
        switch object {
        case .pod(var pod):
            pod.uid = ""
            pod.createdAt = .epoch
            pod.phase = .pending
            pod.isReady = false
            pod.deletionTime = nil
            create(pod)
        case .node(let node): createNode(node)
        case .workload(var workload):
            workload.reference.uid = ""
            workload.generation = 1
            workload.observedGeneration = 0
            workload.readyReplicas = 0
            insert(workload)
        case .budget(var budget):
            budget.uid = ""
            budget.resetStatus()
            insert(budget)
        case .autoscaler(var autoscaler):
            autoscaler.uid = ""
            put(.autoscaler(autoscaler))
            raiseToMinimum(autoscaler)
        default: put(object)
        }
    }

    /// A Node made by hand has no kubelet behind it unless a host bears its name.
    private mutating func createNode(_ node: Node) {
        var node = node
        node.uid = ""
        node.createdAt = .epoch
        let notReady = Taint(key: "node.kubernetes.io/not-ready", effect: .noSchedule)
        if hosts[node.name] == nil {
            node.readiness = .unknown
            hosts[node.name] = HostRecord(host: HostState(node: node, kubelet: .stopped, isJoined: false))
        } else if !isHostAlive(node.name) {
            node.readiness = .unknown
        }
        if !node.taints.contains(notReady) { node.taints.append(notReady) }
        insert(node)
    }

    // MARK: Replace

    mutating func replace(_ object: SimulationObject, _ options: WriteOptions) -> SimulationReply {
        let identity = object.identity
        if let refusal = refusal(identity, options) { return .refused(refusal) }
        guard !options.isDryRun else { return .done(preview(object, identity)) }
        switch object {
        case .pod(let pod): replacePod(pod)
        case .node(let node): replaceNode(node)
        case .workload(let workload): replaceWorkload(workload)
        case .budget(let budget): replaceBudget(budget)
        case .namespace(var namespace):
            namespace.isTerminating = namespaces[namespace.name]?.value.isTerminating ?? false
            put(.namespace(namespace))
        case .autoscaler(let autoscaler):
            put(object)
            raiseToMinimum(autoscaler)
        default: put(object)
        }
        return .done(stored(identity))
    }

    private func preview(_ object: SimulationObject, _ identity: ObjectIdentity) -> StoredObject? {
        guard var stored = stored(identity) else { return nil }
        stored.object = object
        return stored
    }

    private func refusal(_ identity: ObjectIdentity, _ options: WriteOptions) -> SimulationRefusal? {
        guard let old = stored(identity) else { return .notFound(identity) }
        if let version = options.resourceVersion, version != String(old.resourceVersion) { return .modified(identity) }
        if let uid = options.uid, uid != old.detail.uid {
            return .precondition(identity, "UID", wanted: uid.rawValue, found: old.detail.uid.rawValue)
        }
        return nil
    }

    private mutating func replacePod(_ new: Pod) {
        guard let index = podIndex[new.key] else { return }
        var merged = pods[index].pod
        merged.labels = new.labels
        merged.annotations = new.annotations
        merged.finalizers = new.finalizers
        merged.constraints.tolerations = new.constraints.tolerations
        merged.constraints.isGated = merged.constraints.isGated && new.constraints.isGated
        guard merged != pods[index].pod else { return }
        let wasGated = pods[index].pod.constraints.isGated
        change(index) { $0.pod = merged }
        if wasGated, !merged.constraints.isGated { enqueueScheduling(index, after: settings.scheduling) }
        if merged.isTerminating, merged.finalizers.isEmpty, pods[index].deletionGrace == 0 { remove(index) }
    }

    private mutating func replaceNode(_ new: Node) {
        guard let index = nodeIndex(new.name) else { return }
        change(node: index) {
            $0.labels = new.labels
            $0.annotations = new.annotations
            $0.taints = new.taints
            $0.isCordoned = new.isCordoned
            if $0.providerID.isEmpty { $0.providerID = new.providerID }
        }
    }

    private mutating func replaceWorkload(_ new: Workload) {
        let identity = ObjectIdentity(SimulationKind(new.reference.kind), new.reference.key)
        guard let index = workloadIndex[identity] else { return }
        change(workload: index) {
            $0.workload.labels = new.labels
            $0.workload.annotations = new.annotations
            if new.reference.kind != .daemonSet { $0.workload.replicas = new.replicas }
            $0.workload.strategy = new.strategy
            if let template = new.template { $0.workload.template = template }
        }
    }

    mutating func replaceBudget(_ new: PodDisruptionBudget) {
        guard let index = budgetIndex[new.key] else { return }
        change(budget: index) {
            $0.labels = new.labels
            $0.annotations = new.annotations
            $0.selector = new.selector
            $0.minAvailable = new.minAvailable
            $0.maxUnavailable = new.maxUnavailable
            $0.unhealthyPodEvictionPolicy = new.unhealthyPodEvictionPolicy
        }
    }

    // MARK: Status, scale, binding

    mutating func replaceStatus(_ object: SimulationObject, _ options: WriteOptions) -> SimulationReply {
        let identity = object.identity
        if let refusal = refusal(identity, options) { return .refused(refusal) }
        guard !options.isDryRun else { return .done(preview(object, identity)) }
        switch object {
        case .pod(let pod): replacePodStatus(pod)
        case .node(let node):
            setReadiness(node.name, node.readiness)
            guard let index = nodeIndex(node.name) else { break }
            change(node: index) {
                $0.capacity = node.capacity
                $0.allocatable = node.allocatable
                $0.volumesInUse = node.volumesInUse
            }
        case .budget(let new):
            guard let index = budgetIndex[new.key] else { break }
            change(budget: index) {
                $0.disruptionsAllowed = new.disruptionsAllowed
                $0.disruptedPods = new.disruptedPods
                $0.observedGeneration = new.observedGeneration
            }
        default: break
        }
        return .done(stored(identity))
    }

    private mutating func replacePodStatus(_ new: Pod) {
        guard let index = podIndex[new.key] else { return }
        let old = pods[index].pod
        guard old.phase != new.phase || old.isReady != new.isReady else { return }
        pods[index].probe = new.isReady
        change(index) {
            $0.pod.phase = new.phase
            $0.pod.isReady = new.isReady
        }
    }

    mutating func scale(_ identity: ObjectIdentity, _ replicas: Int, _ options: WriteOptions) -> SimulationReply {
        guard let index = workloadIndex[identity] else { return .refused(.notFound(identity)) }
        if let refusal = refusal(identity, options) { return .refused(refusal) }
        guard replicas >= 0 else {
            return .refused(
                .invalid(
                    identity, field: "spec.replicas", "Invalid value: \(replicas): must be greater than or equal to 0"))
        }
        if !options.isDryRun { change(workload: index) { $0.workload.replicas = replicas } }
        return .done(storedWorkload(index))
    }

    mutating func bind(_ key: ObjectKey, _ name: NodeName, isDryRun: Bool) -> SimulationReply {
        let identity = ObjectIdentity(.pod, key)
        guard let index = podIndex[key] else { return .refused(.notFound(identity)) }
        guard pods[index].pod.nodeName == nil else { return .refused(.modified(identity)) }
        guard let node = nodeIndex(name) else {
            return .refused(.notFound(ObjectIdentity(.node, ObjectKey("", name.rawValue))))
        }
        guard !isDryRun else { return .done(storedPod(index)) }
        bind(index, to: node)
        takeVolumes(of: index)
        startKubelet(index)
        return .done(storedPod(index))
    }

    // MARK: Delete

    mutating func delete(_ identity: ObjectIdentity, _ options: DeleteOptions) -> SimulationReply {
        if identity.kind == .pod { return deletePod(identity.key, options) }
        guard let old = stored(identity) else { return .refused(.notFound(identity)) }
        if let uid = options.uid, uid != old.detail.uid {
            return .refused(.precondition(identity, "UID", wanted: uid.rawValue, found: old.detail.uid.rawValue))
        }
        if let version = options.resourceVersion, version != String(old.resourceVersion) {
            return .refused(
                .precondition(identity, "ResourceVersion", wanted: version, found: String(old.resourceVersion)))
        }
        if !options.isDryRun { remove(identity, options) }
        return .done(old)
    }

    private mutating func remove(_ identity: ObjectIdentity, _ options: DeleteOptions) {
        switch identity.kind {
        case .node:
            if let index = nodeIndex(NodeName(identity.key.name)) { remove(node: index) }
        case .budget:
            if let index = budgetIndex[identity.key] { remove(budget: index) }
        case .namespace: terminate(namespace: identity.key.name)
        default:
            if let index = workloadIndex[identity] {
                remove(workload: index, orphansDependents: options.orphansDependents)
            } else {
                removePlain(identity)
            }
        }
    }

    private mutating func terminate(namespace name: String) {
        guard var namespace = namespaces[name]?.value, !namespace.isTerminating else { return }
        namespace.isTerminating = true
        put(.namespace(namespace))
        plan(.emptyNamespace(name), after: .milliseconds(100))
    }
}

extension PodDisruptionBudget {
    /// Creation drops the status.
    mutating func resetStatus() {
        self.generation = 1
        self.observedGeneration = 0
        self.disruptionsAllowed = 0
        self.currentHealthy = 0
        self.desiredHealthy = 0
        self.expectedPods = 0
        self.disruptedPods = [:]
        self.syncFailure = nil
    }
}
