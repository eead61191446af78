import FleetWire

/// The discovery documents of a client that does not ask for aggregation.
enum Discovery {
    /// `/version`.
    static let version: JSONValue = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": "v1.36.0", "gitCommit": "fleet-simulation", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "swiftc", "platform": "linux/amd64",
    ]

    /// `/api`.
    static func coreVersions(address: String) -> JSONValue {
        [
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(address)]],
        ]
    }

    /// `/apis`.
    static var groups: JSONValue {
        ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(ResourceCatalog.groups.map(members))]
    }

    /// `/apis/GROUP`; nil when it is not served.
    static func group(_ name: String) -> JSONValue? {
        guard ResourceCatalog.groups.contains(name) else { return nil }
        var document: JSONValue = ["kind": "APIGroup", "apiVersion": "v1"]
        for (key, value) in members(name).object ?? JSONObject() { document[key] = value }
        return document
    }

    private static func members(_ group: String) -> JSONValue {
        let versions = ResourceCatalog.versions(group).map { version -> JSONValue in
            ["groupVersion": "\(group)/\(version)", "version": .string(version)]
        }
        return ["name": .string(group), "versions": .array(versions), "preferredVersion": versions.first ?? .null]
    }

    /// `/api/v1` and `/apis/GROUP/VERSION`; nil when it is not served.
    static func resources(group: String, version: String) -> JSONValue? {
        guard let resources = ResourceCatalog.resources(group: group, version: version) else { return nil }
        var document: JSONValue = ["kind": "APIResourceList"]
        if !group.isEmpty { document["apiVersion"] = "v1" }
        document["groupVersion"] = group.isEmpty ? .string(version) : "\(group)/\(version)"
        document["resources"] = .array(resources.flatMap(entries))
        return document
    }

    private static func entries(_ resource: APIResource) -> [JSONValue] {
        [entry(resource)] + resource.subresources.map { entry($0, of: resource) }
    }

    private static func entry(_ resource: APIResource) -> JSONValue {
        var entry: JSONValue = [
            "name": .string(resource.name), "singularName": .string(resource.singular),
            "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind),
            "verbs": .strings(resource.verbs),
        ]
        if !resource.shortNames.isEmpty { entry["shortNames"] = .strings(resource.shortNames) }
        if !resource.categories.isEmpty { entry["categories"] = .strings(resource.categories) }
        if !resource.isCreateOnly { entry["storageVersionHash"] = .string(hash(resource.groupVersion + resource.kind)) }
        return entry
    }

    private static func entry(_ subresource: Subresource, of resource: APIResource) -> JSONValue {
        var entry: JSONValue = [
            "name": "\(resource.name)/\(subresource.name)", "singularName": "",
            "namespaced": .bool(resource.isNamespaced),
        ]
        if let group = subresource.group, let version = subresource.version {
            entry["group"] = .string(group)
            entry["version"] = .string(version)
        }
        entry["kind"] = .string(subresource.kind)
        entry["verbs"] = .strings(subresource.verbs)
        return entry
    }

    /// A stable short text that looks like a storage version hash (eight bytes in base64).
    private static func hash(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var state: UInt64 = 14_695_981_039_346_656_037
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 1_099_511_628_211 }
        return String((0..<11).map { alphabet[Int(state >> ($0 * 5) & 63)] }) + "="
    }
}
