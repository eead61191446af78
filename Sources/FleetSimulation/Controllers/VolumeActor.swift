import FleetModel

/// Volumes: provisioning, attaching, and detaching once no pod of the node wants them.
extension SimulatedCluster {
    private func volumeNames(of pod: Pod) -> [String] {
        pod.volumes.compactMap {
            guard case .claim(_, let claim) = $0 else { return nil }
            let name = claims[ObjectKey(pod.key.namespace, claim)]?.value.volumeName ?? ""
            return name.isEmpty ? nil : name
        }
    }

    private func isAttachable(_ volume: String) -> Bool { volumes[volume].map { !$0.value.isLocal } ?? false }

    private func attachmentName(_ volume: String, _ node: NodeName) -> String { "csi-\(volume)-\(node)" }

    /// A pod has got its node: its volumes are provisioned and attached.
    mutating func takeVolumes(of index: Int) {
        let pod = pods[index].pod
        guard let name = pod.nodeName, !pod.volumes.isEmpty else { return }
        for case .claim(_, let claim) in pod.volumes {
            let key = ObjectKey(pod.key.namespace, claim)
            if claims[key]?.value.volumeName.isEmpty == true { bindClaim(key, near: name) }
        }
        attachVolumes(pod, name)
    }

    private mutating func attachVolumes(_ pod: Pod, _ name: NodeName) {
        for volume in volumeNames(of: pod) where isAttachable(volume) {
            guard holder(of: volume, otherThan: name) == nil else { continue }
            put(.attachment(VolumeAttachment(name: attachmentName(volume, name), nodeName: name, volumeName: volume)))
            guard let node = nodeIndex(name), !nodes[node].node.volumesInUse.contains(volume) else { continue }
            change(node: node) { $0.volumesInUse.append(volume) }
        }
    }

    private mutating func bindClaim(_ key: ObjectKey, near name: NodeName) {
        guard var claim = claims[key]?.value else { return }
        let zone = node(name)?.zone?.rawValue
        let affinity = zone.map {
            [NodeSelectorTerm(matchExpressions: [SelectorRequirement("topology.kubernetes.io/zone", .isIn, [$0])])]
        }
        let volume = PersistentVolume(name: "pvc-\(random.uid())", nodeAffinity: affinity)
        put(.volume(volume))
        claim.volumeName = volume.name
        put(.claim(claim))
    }

    /// The node, other than this one, that a volume is attached to.
    private func holder(of volume: String, otherThan name: NodeName) -> NodeName? {
        attachmentsByVolume(volume).first { $0.nodeName != name }?.nodeName
    }

    private func attachmentsByVolume(_ volume: String) -> [VolumeAttachment] {
        (attachmentNames[volume] ?? []).compactMap { attachments[$0]?.value }
    }

    /// Whether the kubelet may start the pod: every attachable volume is attached here.
    mutating func areVolumesAttached(_ index: Int) -> Bool {
        let pod = pods[index].pod
        guard !pod.volumes.isEmpty, let name = pod.nodeName else { return true }
        attachVolumes(pod, name)
        return volumeNames(of: pod).allSatisfy { !isAttachable($0) || attachments[attachmentName($0, name)] != nil }
    }

    /// A pod has gone: volumes that nobody on the node wants any more are on their way out.
    mutating func releaseVolumes(of pod: Pod, node: Int) {
        guard !pod.volumes.isEmpty else { return }
        let name = nodes[node].node.name
        let delay = isHostAlive(name) ? settings.volumeDetach : settings.forcedDetach
        for volume in volumeNames(of: pod) where attachments[attachmentName(volume, name)] != nil {
            plan(.releaseVolume(name, volume: volume), after: delay)
        }
    }

    private func isWanted(_ volume: String, _ name: NodeName) -> Bool {
        guard let node = nodeIndex(name) else { return false }
        return nodes[node].pods.contains { volumeNames(of: pods[Int($0)].pod).contains(volume) }
    }

    /// A state that was taken while pods moved: attachments that nobody wants any more go on their way out.
    mutating func releaseUnwantedVolumes() {
        for attachment in attachments.values.map(\.value).sorted(by: { $0.name < $1.name })
        where !isWanted(attachment.volumeName, attachment.nodeName) {
            let delay = isHostAlive(attachment.nodeName) ? settings.volumeDetach : settings.forcedDetach
            plan(.releaseVolume(attachment.nodeName, volume: attachment.volumeName), after: delay)
        }
    }

    mutating func releaseVolume(_ volume: String, _ name: NodeName) {
        guard !isWanted(volume, name) else { return }
        if let node = nodeIndex(name) { change(node: node) { $0.volumesInUse.removeAll { $0 == volume } } }
        plan(.detachVolume(name, volume: volume), after: settings.volumeDetach)
    }

    mutating func detachVolume(_ volume: String, _ name: NodeName) {
        guard !isWanted(volume, name) else { return }
        removePlain(ObjectIdentity(.attachment, ObjectKey("", attachmentName(volume, name))))
        for attachment in attachmentsByVolume(volume) where attachment.nodeName == name {
            removePlain(ObjectIdentity(.attachment, ObjectKey("", attachment.name)))
        }
    }
}
