import FleetModel

/// What can be read of the cluster; lists are in the API's order, by key.
extension SimulatedCluster {
    func allNodes() -> [Node] { nodes.filter(\.isLive).map(\.node).sorted { $0.name < $1.name } }

    func allPods() -> [Pod] { pods.lazy.filter(\.isLive).map(\.pod).sorted { $0.key < $1.key } }

    func allBudgets() -> [PodDisruptionBudget] {
        budgets.filter(\.isLive).map(\.budget).sorted { $0.key < $1.key }
    }

    func allWorkloads() -> [Workload] {
        workloads.filter(\.isLive).map(\.workload).sorted {
            ($0.reference.kind.rawValue, $0.reference.key) < ($1.reference.kind.rawValue, $1.reference.key)
        }
    }

    func allHosts() -> [HostState] { hosts.values.map(\.host).sorted { $0.name < $1.name } }

    func host(_ name: NodeName) -> HostState? { hosts[name]?.host }

    func node(_ name: NodeName) -> Node? { nodeIndex(name).map { nodes[$0].node } }

    func pod(_ key: ObjectKey) -> Pod? { podIndex[key].map { pods[$0].pod } }

    func budget(_ key: ObjectKey) -> PodDisruptionBudget? { budgetIndex[key].map { budgets[$0].budget } }

    func pods(on name: NodeName) -> [Pod] {
        let indices = nodeIndex(name).map { nodes[$0].pods.map(Int.init) } ?? orphans[name] ?? []
        return indices.map { pods[$0].pod }.sorted { $0.key < $1.key }
    }

    func stored(_ identity: ObjectIdentity) -> StoredObject? {
        let key = identity.key
        switch identity.kind {
        case .namespace:
            return namespaces[key.name].map { plain(.namespace($0.value), $0, terminating: $0.value.isTerminating) }
        case .node: return nodeIndex(NodeName(key.name)).map(storedNode)
        case .pod: return podIndex[key].map(storedPod)
        case .budget: return budgetIndex[key].map(storedBudget)
        case .autoscaler: return autoscalers[key].map { plain(.autoscaler($0.value), $0) }
        case .claim:
            return claims[key].map {
                plain(.claim($0.value), $0, phase: $0.value.volumeName.isEmpty ? "Pending" : "Bound")
            }
        case .volume: return volumes[key.name].map { plain(.volume($0.value), $0, phase: "Bound") }
        case .attachment: return attachments[key.name].map { plain(.attachment($0.value), $0) }
        default: return workloadIndex[identity].map(storedWorkload)
        }
    }

    private func plain<Value>(
        _ object: SimulationObject, _ record: PlainRecord<Value>, terminating: Bool = false, phase: String = ""
    ) -> StoredObject {
        let detail = ObjectDetail(
            uid: record.uid, createdAt: record.createdAt, phase: terminating ? "Terminating" : phase)
        return StoredObject(object: object, detail: detail, resourceVersion: record.version)
    }

    func stored(_ kind: SimulationKind) -> [StoredObject] {
        let keys: [ObjectKey]
        switch kind {
        case .namespace: keys = namespaces.keys.map { ObjectKey("", $0) }
        case .node: keys = nodes.filter(\.isLive).map { ObjectKey("", $0.node.name.rawValue) }
        case .pod: keys = Array(podIndex.keys)
        case .budget: keys = Array(budgetIndex.keys)
        case .autoscaler: keys = Array(autoscalers.keys)
        case .claim: keys = Array(claims.keys)
        case .volume: keys = volumes.keys.map { ObjectKey("", $0) }
        case .attachment: keys = attachments.keys.map { ObjectKey("", $0) }
        default: keys = workloadIndex.keys.filter { $0.kind == kind }.map(\.key)
        }
        return keys.sorted().compactMap { stored(ObjectIdentity(kind, $0)) }
    }

    func snapshot() -> ClusterSnapshot {
        ClusterSnapshot(
            clusterUID: clusterUID, serverVersion: serverVersion, takenAt: now, nodes: allNodes(), pods: allPods(),
            budgets: allBudgets(), workloads: allWorkloads(),
            autoscalers: autoscalers.values.map(\.value).sorted { $0.key < $1.key },
            claims: claims.values.map(\.value).sorted { $0.key < $1.key },
            volumes: volumes.values.map(\.value).sorted { $0.name < $1.name },
            attachments: attachments.values.map(\.value).sorted { $0.name < $1.name })
    }
}
