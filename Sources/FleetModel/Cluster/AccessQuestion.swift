/// One thing that fleet may need permission for.
public struct AccessQuestion: Hashable, Sendable, CustomStringConvertible {
    /// Such as `patch`.
    public var verb: String
    /// The API group; empty for the core group.
    public var group: String
    /// The plural, such as `pods`.
    public var resource: String
    /// Such as `eviction`; empty without one.
    public var subresource: String
    /// The namespace; empty means all of them.
    public var namespace: String
    /// The object's name, where one object is enough; empty means all of them.
    public var name: String

    /// A question.
    public init(
        _ verb: String, _ resource: String, group: String = "", subresource: String = "", namespace: String = "",
        name: String = ""
    ) {
        self.verb = verb
        self.group = group
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }

    /// `create pods/eviction`, or `list deployments.apps`.
    public var description: String {
        let name = (group.isEmpty ? resource : "\(resource).\(group)") + (subresource.isEmpty ? "" : "/\(subresource)")
        return "\(verb) \(name)" + (namespace.isEmpty ? "" : " in \(namespace)")
    }
}
