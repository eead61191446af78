/// Where an object is stored inside its kind, ordered as etcd orders its keys.
struct StorageKey: Hashable, Comparable, Sendable {
    /// The namespace; empty for cluster-scoped objects.
    let namespace: String
    /// The name.
    let name: String

    /// `namespace/name`, or the name alone.
    var path: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    static func < (left: StorageKey, right: StorageKey) -> Bool {
        left.namespace == right.namespace
            ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
            : left.path.utf8.lexicographicallyPrecedes(right.path.utf8)
    }
}
