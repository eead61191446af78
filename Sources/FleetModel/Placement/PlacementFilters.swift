/// The filters themselves, in kube-scheduler's order.
extension PlacementState {
    /// Prepares a pod's look at the cluster as it is now (PreFilter).
    public mutating func probe(_ demand: PlacementDemand) -> PlacementProbe {
        let index = Int(demand.classIndex)
        let minima = classes[index].spreads.indices.map { minimum(of: classes[index].spreads[$0], index) }
        let startsAffinity =
            classes[index].matchesOwnAffinity && classes[index].affinity.allSatisfy { terms[$0].total == 0 }
        let volumes = demand.claims.compactMap { claims[$0].flatMap { self.volumes[$0] } }
        return PlacementProbe(
            classIndex: index, minima: minima, startsAffinity: startsAffinity, volumes: volumes,
            requests: classes[index].requests, requirement: classes[index].requirement,
            isPlain: volumes.isEmpty && classes[index].isPlain
                && !classes[index].matches.contains { terms[Int($0)].holders > 0 },
            isGated: classes[index].isGated)
    }

    /// Whether the pod may run on the node.
    public mutating func accepts(_ probe: PlacementProbe, _ node: Int) -> Bool {
        guard rooms[node].isPresent, !probe.isGated, hasRoom(probe.requests, rooms[node]) else { return false }
        guard acceptsNode(probe.requirement, node) else { return false }
        return probe.isPlain || detailedRejection(probe, node) == nil
    }

    /// Why the pod may not run on the node: the first filter's reason; nil when it may.
    public mutating func rejection(_ probe: PlacementProbe, _ node: Int) -> PlacementRejection? {
        rejections(probe, node).first
    }

    /// All reasons of the first filter that rejects the node; NodeResourcesFit may have several.
    public mutating func rejections(_ probe: PlacementProbe, _ node: Int) -> [PlacementRejection] {
        if let reason = requirements[probe.requirement].rejection(by: entries[node].node) { return [reason] }
        if conflictsOnPorts(probe, node) { return [.ports] }
        let shortages = shortages(probe.requests, node)
        if !shortages.isEmpty { return shortages }
        return detailedRejection(probe, node).map { [$0] } ?? []
    }

    /// Resources of a node that no pod has asked for; extended resources included.
    public func room(at node: Int) -> Resources {
        var extended = entries[node].node.allocatable.extended
        for (name, used) in entries[node].usedExtended { extended[name, default: 0] -= used }
        return Resources(
            milliCPU: rooms[node].milliCPU, memory: rooms[node].memory,
            ephemeralStorage: rooms[node].ephemeralStorage, pods: rooms[node].pods, extended: extended)
    }

    // MARK: One node

    mutating func acceptsNode(_ requirement: Int, _ node: Int) -> Bool {
        switch verdicts[requirement].code(node) {
        case 1: return true
        case 2: return false
        default:
            let accepted = requirements[requirement].rejection(by: entries[node].node) == nil
            guard !requirements[requirement].namesNodes else { return accepted }
            verdicts[requirement].remember(node, accepted: accepted, capacity: entries.count)
            return accepted
        }
    }

    private func hasRoom(_ requests: Resources, _ room: Room) -> Bool {
        room.pods >= 1 && (requests.milliCPU == 0 || requests.milliCPU <= room.milliCPU)
            && (requests.memory == 0 || requests.memory <= room.memory)
            && (requests.ephemeralStorage == 0 || requests.ephemeralStorage <= room.ephemeralStorage)
    }

    func shortages(_ requests: Resources, _ node: Int) -> [PlacementRejection] {
        var result: [PlacementRejection] = []
        let room = rooms[node]
        if room.pods < 1 { result.append(.tooManyPods) }
        if requests.milliCPU > 0, requests.milliCPU > room.milliCPU { result.append(.insufficient("cpu")) }
        if requests.memory > 0, requests.memory > room.memory { result.append(.insufficient("memory")) }
        if requests.ephemeralStorage > 0, requests.ephemeralStorage > room.ephemeralStorage {
            result.append(.insufficient("ephemeral-storage"))
        }
        return result + extendedShortages(requests, node)
    }

    private func extendedShortages(_ requests: Resources, _ node: Int) -> [PlacementRejection] {
        guard !requests.extended.isEmpty else { return [] }
        let allocatable = entries[node].node.allocatable.extended
        return requests.extended.keys.sorted().filter { name in
            let amount = requests.extended[name] ?? 0
            let left = (allocatable[name] ?? 0).subtractingSaturated(entries[node].usedExtended[name] ?? 0)
            return amount > 0 && amount > left
        }.map(PlacementRejection.insufficient)
    }

    private func conflictsOnPorts(_ probe: PlacementProbe, _ node: Int) -> Bool {
        classes[probe.classIndex].ports.contains { wanted in
            entries[node].ports.contains { taken, count in
                count > 0 && taken.port == wanted.port && taken.transport == wanted.transport
                    && (taken.address == wanted.address || taken.address == "0.0.0.0" || wanted.address == "0.0.0.0")
            }
        }
    }

    // MARK: Volumes, spread, affinity

    private mutating func detailedRejection(_ probe: PlacementProbe, _ node: Int) -> PlacementRejection? {
        if conflictsOnPorts(probe, node) { return .ports }
        if let shortage = extendedShortages(probe.requests, node).first { return shortage }
        for volume in probe.volumes where !acceptsVolume(volume, node) {
            return volumeRequirements[volume].nodeAffinity == nil ? .volumeZone : .volumeAffinity
        }
        return spreadRejection(probe, node) ?? affinityRejection(probe, node)
    }

    private mutating func acceptsVolume(_ volume: Int, _ node: Int) -> Bool {
        switch volumeVerdicts[volume].code(node) {
        case 1: return true
        case 2: return false
        default:
            let accepted = volumeRequirements[volume].accepts(entries[node].node)
            volumeVerdicts[volume].remember(node, accepted: accepted, capacity: entries.count)
            return accepted
        }
    }

    private func spreadRejection(_ probe: PlacementProbe, _ node: Int) -> PlacementRejection? {
        for (position, spread) in classes[probe.classIndex].spreads.enumerated() {
            let domain = axes[terms[spread.term].key.axis].domain(node)
            guard domain >= 0 else { return .topologySpreadLabel }
            let matching = aliveCount(spread, probe.classIndex, domain)
            if matching + (spread.matchesItself ? 1 : 0) - probe.minima[position] > spread.maxSkew {
                return .topologySpread
            }
        }
        return nil
    }

    private func affinityRejection(_ probe: PlacementProbe, _ node: Int) -> PlacementRejection? {
        for term in classes[probe.classIndex].affinity {
            let domain = axes[terms[term].key.axis].domain(node)
            guard domain >= 0 else { return .podAffinity }
            if !probe.startsAffinity, (terms[term].counts[domain]?.all ?? 0) == 0 { return .podAffinity }
        }
        for term in classes[probe.classIndex].antiAffinity {
            let domain = axes[terms[term].key.axis].domain(node)
            if domain >= 0, (terms[term].counts[domain]?.all ?? 0) > 0 { return .podAntiAffinity }
        }
        for term in classes[probe.classIndex].matches where terms[Int(term)].holders > 0 {
            let domain = axes[terms[Int(term)].key.axis].domain(node)
            if domain >= 0, (terms[Int(term)].counts[domain]?.holders ?? 0) > 0 { return .existingPodAntiAffinity }
        }
        return nil
    }

    // MARK: Spread's global minimum

    /// Whether the constraint leaves nodes out, so that its counts cannot be taken from the term.
    private func isSelective(_ spread: PlacementClass.Spread, _ index: Int) -> Bool {
        let requirement = requirements[classes[index].requirement]
        return spread.honorsTaints
            || spread.honorsAffinity && (!requirement.nodeSelector.isEmpty || requirement.nodeAffinity != nil)
    }

    private func aliveCount(_ spread: PlacementClass.Spread, _ index: Int, _ domain: Int32) -> Int32 {
        guard isSelective(spread, index) else { return terms[spread.term].counts[domain]?.alive ?? 0 }
        let axis = terms[spread.term].key.axis
        var result: Int32 = 0
        for other in terms[spread.term].classes {
            for (node, placed) in classes[Int(other)].placed where axes[axis].domain(Int(node)) == domain {
                if isEligible(Int(node), spread, index) { result += placed.alive }
            }
        }
        return result
    }

    private func isEligible(_ node: Int, _ spread: PlacementClass.Spread, _ index: Int) -> Bool {
        guard entries[node].isPresent else { return false }
        let requirement = requirements[classes[index].requirement]
        if spread.honorsAffinity, !requirement.selects(entries[node].node) { return false }
        return !spread.honorsTaints || !entries[node].node.taints.contains(where: requirement.isUntolerated)
    }

    private mutating func minimum(of spread: PlacementClass.Spread, _ index: Int) -> Int32 {
        let domains = domains(of: spread, index)
        if let minDomains = spread.minDomains, domains.count < minDomains { return 0 }
        var least = Int32.max
        for domain in domains { least = min(least, aliveCount(spread, index, domain)) }
        return domains.isEmpty ? 0 : least
    }

    private mutating func domains(of spread: PlacementClass.Spread, _ index: Int) -> [Int32] {
        let others = classes[index].spreads.map { terms[$0.term].key.axis }
        let key = DomainKey(
            axis: terms[spread.term].key.axis, otherAxes: others,
            requirement: isSelective(spread, index) ? classes[index].requirement : -1,
            honorsAffinity: spread.honorsAffinity, honorsTaints: spread.honorsTaints)
        if let known = domainCache[key], known.version == nodesVersion { return known.domains }
        var domains = Set<Int32>()
        for node in entries.indices where isEligible(node, spread, index) {
            guard others.allSatisfy({ axes[$0].domain(node) >= 0 }) else { continue }
            domains.insert(axes[key.axis].domain(node))
        }
        domainCache[key] = (nodesVersion, domains.sorted())
        return domains.sorted()
    }
}

extension PersistentVolume {
    /// Whether the volume's node affinity and zone labels accept the node.
    func accepts(_ node: Node) -> Bool {
        if let nodeAffinity, !nodeAffinity.contains(where: { $0.matches(node) }) { return false }
        return labels.allSatisfy { label in
            guard let value = node.labels[label.key] else { return true }
            return label.value.split(separator: "__").contains { $0 == value }
        }
    }
}

extension PlacementState {
    /// How free a node is, in percent: the mean of CPU and memory, as the least-allocated score has it.
    public func freeShare(_ node: Int) -> Int64 { rooms[node].freeShare }
}
