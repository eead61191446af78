import FleetWire

/// As much of `/openapi/v3` as kubectl asks before it creates or applies: that PATCH knows `fieldValidation`.
enum OpenAPI {
    /// The JSON document at a path below `/openapi`; nil when it is not served.
    static func document(_ path: [String]) -> JSONValue? {
        guard path.first == "v3" else { return nil }
        if path.count == 1 { return index }
        let group = path.count == 4 ? path[2] : ""
        guard let version = path.last, let resources = ResourceCatalog.resources(group: group, version: version) else {
            return nil
        }
        let paths = resources.filter { !$0.isCreateOnly }
            .map { ("/\(prefix(group, version))/\($0.name)/{name}", item($0)) }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.36.0"],
            "paths": .object(JSONObject(paths)), "components": ["schemas": [:]],
        ]
    }

    private static var index: JSONValue {
        let prefixes = ResourceCatalog.resources.map { prefix($0.group, $0.version) }.uniqued()
        let paths = prefixes.map { ($0, JSONValue.object(JSONObject([("serverRelativeURL", "/openapi/v3/\($0)")]))) }
        return ["paths": .object(JSONObject(paths))]
    }

    private static func prefix(_ group: String, _ version: String) -> String {
        group.isEmpty ? "api/\(version)" : "apis/\(group)/\(version)"
    }

    private static func item(_ resource: APIResource) -> JSONValue {
        let parameters = ["dryRun", "fieldManager", "fieldValidation", "force"].map { name -> JSONValue in
            ["name": .string(name), "in": "query", "schema": ["type": "string"]]
        }
        return [
            "patch": [
                "operationId": "patch\(resource.kind)", "parameters": .array(parameters),
                "responses": ["200": ["description": "OK"]], "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": [
                    "group": .string(resource.group), "version": .string(resource.version),
                    "kind": .string(resource.kind),
                ],
            ]
        ]
    }
}
