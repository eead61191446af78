import FleetModel
import FleetPorts
import FleetWire

/// The cluster as the watches have told it so far; turns lists into differences, and interruptions into whole states.
actor ClusterMirror {
    private let emit: @Sendable (ClusterObservation) -> Void
    private var objects: [APIResource: [ObjectKey: ClusterObject]] = [:]
    private var base = ClusterSnapshot()
    private var isSynchronized = false
    private var interrupted: Set<APIResource> = []

    init(emit: @escaping @Sendable (ClusterObservation) -> Void) { self.emit = emit }

    /// Takes over the first lists and sends the whole state.
    func synchronize(_ lists: [Listed], clusterUID: ObjectUID) {
        base.clusterUID = clusterUID
        for list in lists { objects[list.resource] = Self.index(list.objects) }
        isSynchronized = true
        emit(.synchronized(snapshot))
    }

    /// Takes over a list made after a gap; only what differs is sent.
    func replace(_ list: Listed) {
        let old = objects[list.resource] ?? [:]
        let new = Self.index(list.objects)
        objects[list.resource] = new
        for (key, object) in old where new[key]?.uid != object.uid || new[key] == nil { send(object.deletion) }
        for object in list.objects where old[object.key] != object { send(object.change) }
    }

    /// Takes over a new or changed object.
    func apply(_ object: ClusterObject, of resource: APIResource) {
        let old = objects[resource]?.updateValue(object, forKey: object.key)
        if let old, old.uid != object.uid { send(old.deletion) }
        if old != object { send(object.change) }
    }

    /// Takes an object away.
    func remove(_ object: ClusterObject, of resource: APIResource) {
        objects[resource]?.removeValue(forKey: object.key)
        send(object.deletion)
    }

    /// A resource cannot be followed at the moment.
    ///
    /// The first one is told at once; a whole state tells when all is well.
    func interrupt(_ resource: APIResource, _ failure: ClusterFailure) {
        let isFirst = interrupted.isEmpty
        interrupted.insert(resource)
        if isFirst { emit(.interrupted(failure)) }
    }

    /// A resource is followed again.
    func resume(_ resource: APIResource) {
        guard interrupted.remove(resource) != nil, interrupted.isEmpty, isSynchronized else { return }
        emit(.synchronized(snapshot))
    }

    /// While something is interrupted changes are only kept: the whole state follows.
    private func send(_ change: ClusterChange?) {
        guard let change, interrupted.isEmpty else { return }
        emit(.changed(change))
    }

    private var snapshot: ClusterSnapshot {
        var result = base
        for resource in APIResource.ofSnapshot {
            for object in objects[resource]?.values.sorted(by: { $0.key < $1.key }) ?? [] { result.add(object) }
        }
        result.takenAt = .now
        return result
    }

    private static func index(_ objects: [ClusterObject]) -> [ObjectKey: ClusterObject] {
        Dictionary(objects.map { ($0.key, $0) }) { _, last in last }
    }
}
