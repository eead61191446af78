import FleetWire

/// `/api` or `/apis` with everything below it in one document, as kubectl asks for it.
enum AggregatedDiscovery {
    /// The media type of the document.
    static let mediaType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

    /// Whether a client asks for this form.
    static func isAccepted(_ accept: String) -> Bool {
        accept.split(separator: ",").contains { type in
            let parameters = Set(type.split(separator: ";").map { trimmed($0) })
            return parameters.isSuperset(of: ["application/json", "g=apidiscovery.k8s.io", "v=v2"])
        }
    }

    /// The document of the core group, or of all others.
    static func document(core: Bool) -> JSONValue {
        let groups = core ? [""] : ResourceCatalog.groups
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
            "items": .array(groups.map(group)),
        ]
    }

    private static func group(_ name: String) -> JSONValue {
        let versions = ResourceCatalog.versions(name).map { version -> JSONValue in
            let resources = ResourceCatalog.resources(group: name, version: version) ?? []
            return [
                "version": .string(version), "resources": .array(resources.map(resource)), "freshness": "Current",
            ]
        }
        let metadata: JSONValue = name.isEmpty ? [:] : ["name": .string(name)]
        return ["metadata": metadata, "versions": .array(versions)]
    }

    private static func resource(_ resource: APIResource) -> JSONValue {
        var entry: JSONValue = [
            "resource": .string(resource.name),
            "responseKind": kind(resource.group, resource.version, resource.kind),
            "scope": resource.isNamespaced ? "Namespaced" : "Cluster",
            "singularResource": .string(resource.singular), "verbs": .strings(resource.verbs),
        ]
        if !resource.shortNames.isEmpty { entry["shortNames"] = .strings(resource.shortNames) }
        if !resource.categories.isEmpty { entry["categories"] = .strings(resource.categories) }
        if !resource.subresources.isEmpty {
            entry["subresources"] = .array(resource.subresources.map { subresource($0, of: resource) })
        }
        return entry
    }

    private static func subresource(_ subresource: Subresource, of resource: APIResource) -> JSONValue {
        let group = subresource.group ?? resource.group
        return [
            "subresource": .string(subresource.name),
            "responseKind": kind(group, subresource.version ?? resource.version, subresource.kind),
            "verbs": .strings(subresource.verbs),
        ]
    }

    private static func kind(_ group: String, _ version: String, _ kind: String) -> JSONValue {
        ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }
}
