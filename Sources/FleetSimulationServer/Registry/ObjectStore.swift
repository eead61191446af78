import FleetWire

/// An object as it was stored at one revision.
struct StoredDocument: Sendable {
    let key: StorageKey
    /// The revision of its last change.
    let revision: Int64
    /// The whole object, with `metadata.resourceVersion` set.
    let json: JSONValue
}

/// One change, kept until compaction.
struct StoredChange: Sendable {
    enum Kind: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
    }

    let revision: Int64
    let storage: StorageKind
    let kind: Kind
    /// The new state; for a deletion the last state under the deletion's revision.
    let object: StoredDocument
    /// The state before; nil for an addition.
    let previous: StoredDocument?
}

/// All objects, and the log of their changes: what etcd and the watch cache are to a real API server.
///
/// One revision counter serves all kinds; each change takes the next number.
struct ObjectStore: Sendable {
    /// The revision of the last change.
    private(set) var revision: Int64
    /// Changes up to here are forgotten.
    private(set) var compactedRevision: Int64
    /// Changes kept; the oldest quarter goes when there are more.
    var logLimit: Int
    private var collections: [StorageKind: Collection] = [:]
    private var log: [StoredChange] = []

    /// An empty store.
    init(firstRevision: Int64 = 1, logLimit: Int = 100_000) {
        self.revision = firstRevision
        self.compactedRevision = firstRevision - 1
        self.logLimit = logLimit
    }

    /// One object; nil when there is none.
    func object(_ storage: StorageKind, _ key: StorageKey) -> StoredDocument? { collections[storage]?.objects[key] }

    /// The objects of a kind in key order; an empty namespace means all.
    func list(_ storage: StorageKind, namespace: String = "") -> [StoredDocument] {
        guard let collection = collections[storage] else { return [] }
        let all = collection.order.compactMap { collection.objects[$0] }
        return namespace.isEmpty ? all : all.filter { $0.key.namespace == namespace }
    }

    /// The objects of a kind as they were at a revision; nil when that is compacted.
    func list(_ storage: StorageKind, namespace: String = "", at revision: Int64) -> [StoredDocument]? {
        if revision >= self.revision { return list(storage, namespace: namespace) }
        guard revision >= compactedRevision else { return nil }
        var objects = collections[storage]?.objects ?? [:]
        for change in log[firstIndex(after: revision)...].reversed() where change.storage == storage {
            objects[change.object.key] = change.previous
        }
        let sorted = objects.values.sorted { $0.key < $1.key }
        return namespace.isEmpty ? sorted : sorted.filter { $0.key.namespace == namespace }
    }

    /// The changes of a kind after a revision; nil when some of them are compacted.
    func changes(_ storage: StorageKind, after revision: Int64) -> [StoredChange]? {
        guard revision >= compactedRevision else { return nil }
        return log[firstIndex(after: revision)...].filter { $0.storage == storage }
    }

    /// The number of objects of a kind.
    func count(_ storage: StorageKind) -> Int { collections[storage]?.order.count ?? 0 }

    /// Stores an object under the next revision; nil when nothing differs from what is stored.
    mutating func put(_ storage: StorageKind, _ key: StorageKey, _ json: JSONValue) -> StoredChange? {
        let previous = object(storage, key)
        if let previous, previous.json == json.withResourceVersion(previous.revision) { return nil }
        revision += 1
        let stored = StoredDocument(key: key, revision: revision, json: json.withResourceVersion(revision))
        collections[storage, default: Collection()].put(stored)
        return record(storage, previous == nil ? .added : .modified, stored, previous)
    }

    /// Removes an object; nil when there is none.
    mutating func remove(_ storage: StorageKind, _ key: StorageKey) -> StoredChange? {
        guard let previous = collections[storage]?.remove(key) else { return nil }
        revision += 1
        let last = StoredDocument(key: key, revision: revision, json: previous.json.withResourceVersion(revision))
        return record(storage, .deleted, last, previous)
    }

    /// Forgets all changes up to and including a revision, as etcd's compaction does.
    mutating func compact(through revision: Int64) {
        let bound = min(revision, self.revision)
        guard bound > compactedRevision else { return }
        log.removeSubrange(..<firstIndex(after: bound))
        compactedRevision = bound
    }

    private mutating func record(
        _ storage: StorageKind, _ kind: StoredChange.Kind, _ object: StoredDocument, _ previous: StoredDocument?
    ) -> StoredChange {
        let change = StoredChange(revision: revision, storage: storage, kind: kind, object: object, previous: previous)
        log.append(change)
        if log.count > logLimit { compact(through: log[log.count / 4].revision) }
        return change
    }

    private func firstIndex(after revision: Int64) -> Int {
        var low = 0
        var high = log.count
        while low < high {
            let middle = (low + high) / 2
            if log[middle].revision <= revision { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The objects of one kind and their keys in order.
    private struct Collection: Sendable {
        var objects: [StorageKey: StoredDocument] = [:]
        var order: [StorageKey] = []

        mutating func put(_ object: StoredDocument) {
            if objects.updateValue(object, forKey: object.key) == nil {
                order.insert(object.key, at: position(object.key))
            }
        }

        mutating func remove(_ key: StorageKey) -> StoredDocument? {
            guard let object = objects.removeValue(forKey: key) else { return nil }
            order.remove(at: position(key))
            return object
        }

        private func position(_ key: StorageKey) -> Int {
            var low = 0
            var high = order.count
            while low < high {
                let middle = (low + high) / 2
                if order[middle] < key { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }
}
