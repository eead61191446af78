/// What a request does, as RBAC and the audit log name it.
struct APIVerb: Sendable {
    /// Such as `list`, `watch`, `patch`; the lower-case method for paths without a resource.
    let name: String
    /// Such as `pods` or `pods/eviction`; empty for paths without a resource.
    let resource: String

    /// The verb of a request.
    static func of(_ request: APIRequest, _ target: RequestTarget) -> APIVerb {
        guard case .resource(let resource) = target else {
            return APIVerb(name: request.method.lowercased(), resource: "")
        }
        let path = resource.subresource.map { "\(resource.resource.name)/\($0)" } ?? resource.resource.name
        return APIVerb(name: name(request, resource), resource: path)
    }

    private static func name(_ request: APIRequest, _ target: ResourceTarget) -> String {
        switch request.method {
        case "GET", "HEAD":
            if ["1", "true"].contains(request.query["watch"] ?? "") { return "watch" }
            return target.name == nil ? "list" : "get"
        case "POST": return "create"
        case "PUT": return "update"
        case "PATCH": return "patch"
        case "DELETE": return target.name == nil ? "deletecollection" : "delete"
        default: return request.method.lowercased()
        }
    }
}
