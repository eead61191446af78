import FleetModel

/// Workloads and budgets come, change and go here only.
extension SimulatedCluster {
    /// Adds a workload, with whatever already refers to its UID.
    @discardableResult
    mutating func insert(_ workload: Workload, createdAt: Instant? = nil) -> Int {
        var workload = workload
        if workload.reference.uid.rawValue.isEmpty { workload.reference.uid = random.uid() }
        let index = workloads.count
        let kind = workload.reference.kind
        let reference = ControllerReference(
            apiVersion: kind == .job ? "batch/v1" : kind == .replicationController ? "v1" : "apps/v1",
            kind: kind.rawValue, name: workload.reference.key.name, uid: workload.reference.uid)
        let owner = owner(reference, namespace: workload.reference.key.namespace)
        owners[owner].workload = index
        if kind == .job { owners[owner].wanted = workload.replicas }
        var record = WorkloadRecord(workload: workload, createdAt: createdAt ?? now, owner: owner)
        record.rolledTemplate = kind == .deployment ? nil : workload.template
        workloads.append(record)
        workloadIndex[identity(workload)] = index
        if kind == .daemonSet { daemonSets.append(index) }
        adopt(index)
        finishWrite(workload: index, event: .added)
        if isRecording { enqueue(workload: index) }
        return index
    }

    private func identity(_ workload: Workload) -> ObjectIdentity {
        ObjectIdentity(SimulationKind(workload.reference.kind), workload.reference.key)
    }

    private mutating func adopt(_ index: Int) {
        guard let controller = workloads[index].workload.controller, let owner = ownerIndex[controller.uid] else {
            return
        }
        let parent = owners[owner].workload
        guard parent >= 0, workloads[parent].workload.reference.kind == .deployment else { return }
        workloads[index].parent = parent
        workloads[parent].children.append(index)
    }

    /// Changes a workload; nothing happens when the body changes nothing.
    mutating func change(workload index: Int, _ body: (inout WorkloadRecord) -> Void) {
        let old = workloads[index].workload
        let oldReplicas = workloads[index].currentReplicas
        body(&workloads[index])
        guard workloads[index].workload != old || workloads[index].currentReplicas != oldReplicas else { return }
        let new = workloads[index].workload
        let isSpecChange =
            new.replicas != old.replicas && new.reference.kind != .daemonSet || new.template != old.template
            || new.selector != old.selector || new.strategy != old.strategy || new.claimTemplates != old.claimTemplates
        if isSpecChange { workloads[index].workload.generation = old.generation + 1 }
        finishWrite(workload: index, event: .modified)
        enqueue(workload: index)
        enqueue(workload: workloads[index].parent)
        if isSpecChange { enqueueBudgets(ofOwner: workloads[index].owner) }
    }

    /// Budgets look at a workload's scale: those of its pods, and of its ReplicaSets' pods.
    private mutating func enqueueBudgets(ofOwner owner: Int) {
        guard owner >= 0 else { return }
        for pod in owners[owner].pods.prefix(1) {
            for budget in pods[Int(pod)].budgets { enqueue(budget: Int(budget)) }
        }
        let workload = owners[owner].workload
        guard workload >= 0 else { return }
        for child in workloads[workload].children { enqueueBudgets(ofOwner: workloads[child].owner) }
    }

    /// Removes a workload; with what it controls, unless that is orphaned.
    mutating func remove(workload index: Int, orphansDependents: Bool) {
        let owner = workloads[index].owner
        workloads[index].isLive = false
        workloadIndex[identity(workloads[index].workload)] = nil
        if owner >= 0 {
            enqueueBudgets(ofOwner: owner)
            owners[owner].workload = -1
        }
        daemonSets.removeAll { $0 == index }
        if workloads[index].parent >= 0 { workloads[workloads[index].parent].children.removeAll { $0 == index } }
        finishWrite(workload: index, event: .deleted)
        guard !orphansDependents else { return }
        for child in workloads[index].children { remove(workload: child, orphansDependents: false) }
        guard owner >= 0 else { return }
        for pod in owners[owner].pods.map(Int.init).sorted() { deleteGracefully(pod, grace: nil) }
    }

    private mutating func finishWrite(workload index: Int, event: SimulationChange.Event) {
        workloads[index].version = nextVersion()
        workloads[index].workload.resourceVersion = String(workloads[index].version)
        if isRecording { record(event, storedWorkload(index)) }
    }

    func storedWorkload(_ index: Int) -> StoredObject {
        let workload = workloads[index].workload
        let detail = ObjectDetail(
            uid: workload.reference.uid, createdAt: workloads[index].createdAt, generation: workload.generation,
            currentReplicas: workloads[index].currentReplicas)
        return StoredObject(object: .workload(workload), detail: detail, resourceVersion: workloads[index].version)
    }

    // MARK: Budgets

    /// Adds a budget.
    @discardableResult
    mutating func insert(_ budget: PodDisruptionBudget, createdAt: Instant? = nil) -> Int {
        var budget = budget
        if budget.uid.rawValue.isEmpty { budget.uid = random.uid() }
        let index = budgets.count
        budgets.append(BudgetRecord(budget: budget, createdAt: createdAt ?? now))
        budgetIndex[budget.key] = index
        cover(index)
        finishWrite(budget: index, event: .added)
        if isRecording { enqueue(budget: index) }
        return index
    }

    /// Changes a budget; nothing happens when the body changes nothing.
    mutating func change(budget index: Int, _ body: (inout PodDisruptionBudget) -> Void) {
        let old = budgets[index].budget
        body(&budgets[index].budget)
        guard budgets[index].budget != old else { return }
        let new = budgets[index].budget
        if new.selector != old.selector {
            uncover(index, old)
            cover(index)
        }
        if new.selector != old.selector || new.minAvailable != old.minAvailable
            || new.maxUnavailable != old.maxUnavailable
            || new.unhealthyPodEvictionPolicy != old.unhealthyPodEvictionPolicy
        {
            budgets[index].budget.generation = old.generation + 1
            enqueue(budget: index)
        }
        finishWrite(budget: index, event: .modified)
    }

    mutating func remove(budget index: Int) {
        uncover(index, budgets[index].budget)
        budgets[index].isLive = false
        budgetIndex[budgets[index].budget.key] = nil
        finishWrite(budget: index, event: .deleted)
    }

    /// Finds the pods that a budget selects.
    private mutating func cover(_ index: Int) {
        let budget = budgets[index].budget
        budgetLookup.insert(index, budget)
        for pod in pods.indices where pods[pod].isLive && budget.selects(pods[pod].pod) {
            pods[pod].budgets.append(Int32(index))
            budgets[index].total += 1
            budgets[index].healthy += pods[pod].isHealthy ? 1 : 0
            budgets[index].owners[pods[pod].pod.controller == nil ? -1 : pods[pod].owner, default: 0] += 1
        }
    }

    private mutating func uncover(_ index: Int, _ old: PodDisruptionBudget) {
        budgetLookup.remove(index, old)
        for pod in pods.indices where pods[pod].budgets.contains(Int32(index)) {
            pods[pod].budgets.removeAll { $0 == Int32(index) }
        }
        budgets[index].total = 0
        budgets[index].healthy = 0
        budgets[index].owners = [:]
    }

    private mutating func finishWrite(budget index: Int, event: SimulationChange.Event) {
        budgets[index].version = nextVersion()
        budgets[index].budget.resourceVersion = String(budgets[index].version)
        if isRecording { record(event, storedBudget(index)) }
    }

    func storedBudget(_ index: Int) -> StoredObject {
        let budget = budgets[index].budget
        let detail = ObjectDetail(
            uid: budget.uid, createdAt: budgets[index].createdAt, generation: budget.generation)
        return StoredObject(object: .budget(budget), detail: detail, resourceVersion: budgets[index].version)
    }
}
