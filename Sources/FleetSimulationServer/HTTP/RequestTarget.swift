/// What a path of the API addresses.
enum RequestTarget: Sendable {
    case version
    case health
    case coreVersions
    case groups
    case group(String)
    case resources(group: String, version: String)
    case openAPI([String])
    case resource(ResourceTarget)
    case unknown

    init(_ segments: [String]) {
        switch segments.first {
        case "version" where segments.count == 1: self = .version
        case "readyz", "livez", "healthz": self = .health
        case "openapi": self = .openAPI(Array(segments.dropFirst()))
        case "api": self = Self.core(segments.dropFirst())
        case "apis": self = Self.grouped(segments.dropFirst())
        default: self = .unknown
        }
    }

    private static func core(_ rest: ArraySlice<String>) -> RequestTarget {
        guard let version = rest.first else { return .coreVersions }
        return resource(group: "", version: version, rest.dropFirst())
    }

    private static func grouped(_ rest: ArraySlice<String>) -> RequestTarget {
        guard let group = rest.first else { return .groups }
        let rest = rest.dropFirst()
        guard let version = rest.first else { return .group(group) }
        return resource(group: group, version: version, rest.dropFirst())
    }

    private static func resource(group: String, version: String, _ rest: ArraySlice<String>) -> RequestTarget {
        let path = Array(rest)
        if path.isEmpty { return .resources(group: group, version: version) }
        if path.count >= 3, path[0] == "namespaces", !["status", "finalize"].contains(path[2]) || path.count > 3 {
            return resource(group, version, namespace: path[1], Array(path.dropFirst(2)))
        }
        return resource(group, version, namespace: nil, path)
    }

    private static func resource(
        _ group: String, _ version: String, namespace: String?, _ path: [String]
    ) -> RequestTarget {
        guard let found = ResourceCatalog.resource(group: group, version: version, name: path[0]) else {
            return .unknown
        }
        let target = ResourceTarget(
            resource: found, namespace: namespace ?? "", name: path.count > 1 ? path[1] : nil,
            subresource: path.count > 2 ? path[2] : nil)
        if !found.isNamespaced, namespace != nil { return .unknown }
        if path.count > 3 { return .unknown }
        if let name = target.subresource, !found.subresources.contains(where: { $0.name == name }) { return .unknown }
        return .resource(target)
    }
}

/// A resource, one of its objects, or a subresource of one.
struct ResourceTarget: Sendable {
    /// The resource.
    let resource: APIResource
    /// The namespace; empty for all namespaces and for cluster-scoped resources.
    let namespace: String
    /// The object's name; nil for the collection.
    let name: String?
    /// The subresource; nil for the object itself.
    let subresource: String?

    /// The object's key; the empty name for a collection.
    var key: StorageKey { StorageKey(namespace: namespace, name: name ?? "") }
}
