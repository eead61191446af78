/// A resource of the API as discovery lists it.
struct APIResource: Hashable, Sendable {
    /// The API group; empty for the core.
    let group: String
    /// The version served.
    let version: String
    /// The plural name in paths.
    let name: String
    /// The singular name.
    let singular: String
    /// The kind of its objects.
    let kind: String
    /// Whether its objects live in namespaces.
    let isNamespaced: Bool
    /// What kubectl accepts for short.
    let shortNames: [String]
    /// Groups of resources, such as `all`.
    let categories: [String]
    /// Subresources with an endpoint.
    let subresources: [Subresource]
    /// Whether only `create` is served (reviews).
    let isCreateOnly: Bool
    /// Whether `spec` changes count in `metadata.generation`.
    let hasGeneration: Bool

    init(
        _ group: String, _ version: String, _ kind: String, _ name: String, namespaced: Bool = true,
        short: [String] = [], categories: [String] = [], subresources: [Subresource] = [], createOnly: Bool = false,
        generation: Bool = false
    ) {
        self.group = group
        self.version = version
        self.kind = kind
        self.name = name
        self.singular = kind.lowercased()
        self.isNamespaced = namespaced
        self.shortNames = short
        self.categories = categories
        self.subresources = subresources
        self.isCreateOnly = createOnly
        self.hasGeneration = generation
    }

    /// `v1` or `apps/v1`.
    var groupVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// `nodes` or `deployments.apps`, as messages name it.
    var qualifiedName: String { group.isEmpty ? name : "\(name).\(group)" }

    /// What the storage keys its objects by: Events of both groups are the same objects.
    var storage: StorageKind { StorageKind(group: kind == "Event" ? "" : group, name: name) }

    /// The verbs of the resource itself.
    var verbs: [String] {
        isCreateOnly
            ? ["create"] : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    }

    /// Whether creating needs a resourceVersion-guarded PUT (semantics 8).
    var allowsUnconditionalUpdate: Bool { !["PodDisruptionBudget", "Lease"].contains(kind) }

    /// Whether PUT creates what is absent (semantics 8).
    var allowsCreateOnUpdate: Bool { ["Lease", "Event"].contains(kind) }
}

/// A collection of stored objects.
struct StorageKind: Hashable, Sendable {
    let group: String
    let name: String
}

/// A subresource as discovery lists it.
struct Subresource: Hashable, Sendable {
    let name: String
    /// The kind exchanged there.
    let kind: String
    /// The group and version of that kind when it is not the parent's.
    let group: String?
    let version: String?
    let verbs: [String]

    init(_ name: String, kind: String, group: String? = nil, version: String? = nil, verbs: [String]) {
        self.name = name
        self.kind = kind
        self.group = group
        self.version = version
        self.verbs = verbs
    }

    static func status(_ kind: String) -> Subresource {
        Subresource("status", kind: kind, verbs: ["get", "patch", "update"])
    }

    static let scale = Subresource(
        "scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: ["get", "patch", "update"])
}
