import FleetModel

/// Namespaces, autoscalers, claims, volumes and attachments: objects without counters.
extension SimulatedCluster {
    /// Writes an object of a plain kind, new or known; nothing happens when it is the same.
    mutating func put(_ object: SimulationObject) {
        let identity = object.identity
        let old = stored(identity)
        guard old?.object != object else { return }
        let version = nextVersion()
        let uid = old?.detail.uid
        let created = old?.detail.createdAt ?? now
        switch object {
        case .namespace(var value):
            if value.uid.rawValue.isEmpty { value.uid = uid ?? random.uid() }
            namespaces[value.name] = PlainRecord(value: value, uid: value.uid, createdAt: created, version: version)
        case .autoscaler(var value):
            if value.uid.rawValue.isEmpty { value.uid = uid ?? random.uid() }
            value.resourceVersion = String(version)
            autoscalers[value.key] = PlainRecord(value: value, uid: value.uid, createdAt: created, version: version)
        case .claim(let value):
            placement.set(value)
            claims[value.key] = PlainRecord(
                value: value, uid: uid ?? random.uid(), createdAt: created, version: version)
        case .volume(let value):
            placement.set(value)
            volumes[value.name] = PlainRecord(
                value: value, uid: uid ?? random.uid(), createdAt: created, version: version)
        case .attachment(let value):
            if old == nil { attachmentNames[value.volumeName, default: []].append(value.name) }
            attachments[value.name] = PlainRecord(
                value: value, uid: uid ?? random.uid(), createdAt: created, version: version)
        case .node, .pod, .budget, .workload: return
        }
        if isRecording, let new = stored(identity) { record(old == nil ? .added : .modified, new) }
    }

    /// Removes an object of a plain kind.
    mutating func removePlain(_ identity: ObjectIdentity) {
        guard var old = stored(identity) else { return }
        switch identity.kind {
        case .namespace: namespaces[identity.key.name] = nil
        case .autoscaler: autoscalers[identity.key] = nil
        case .claim: claims[identity.key] = nil
        case .volume: volumes[identity.key.name] = nil
        case .attachment:
            let name = identity.key.name
            guard let volume = attachments.removeValue(forKey: name)?.value.volumeName else { return }
            attachmentNames[volume]?.removeAll { $0 == name }
        default: return
        }
        old.resourceVersion = nextVersion()
        record(.deleted, old)
    }
}
