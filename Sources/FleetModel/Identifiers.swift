/// A name or UID of one kind of thing; two kinds never mix up.
public protocol Identifier: RawRepresentable<String>, Hashable, Comparable, Sendable, Codable,
    ExpressibleByStringLiteral, CustomStringConvertible
{
    /// Wraps the text as it stands in the cluster or the inventory.
    init(rawValue: String)
}

extension Identifier {
    /// Wraps the text as it stands in the cluster or the inventory.
    @inlinable public init(_ text: String) { self.init(rawValue: text) }
    /// Wraps a literal.
    @inlinable public init(stringLiteral value: String) { self.init(rawValue: value) }
    /// The text itself.
    @inlinable public var description: String { rawValue }
    /// Orders by the text's Unicode scalars.
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The name of a Kubernetes Node.
@frozen public struct NodeName: Identifier {
    /// The text itself.
    public let rawValue: String
    /// Wraps the text.
    @inlinable public init(rawValue: String) { self.rawValue = rawValue }
}

/// The UID of a Kubernetes object; a name's next bearer has another one.
@frozen public struct ObjectUID: Identifier {
    /// The text itself.
    public let rawValue: String
    /// Wraps the text.
    @inlinable public init(rawValue: String) { self.rawValue = rawValue }
}

/// The value of `topology.kubernetes.io/zone`, or the inventory's `zone`.
@frozen public struct Zone: Identifier {
    /// The text itself.
    public let rawValue: String
    /// Wraps the text.
    @inlinable public init(rawValue: String) { self.rawValue = rawValue }
}

/// The inventory's `pool`: nodes that replace one another.
@frozen public struct Pool: Identifier {
    /// The text itself.
    public let rawValue: String
    /// Wraps the text.
    @inlinable public init(rawValue: String) { self.rawValue = rawValue }
}

/// The name of one run, such as `r-20260102-030405-x7k2`.
@frozen public struct RunID: Identifier {
    /// The text itself.
    public let rawValue: String
    /// Wraps the text.
    @inlinable public init(rawValue: String) { self.rawValue = rawValue }
}

/// Namespace and name of a namespaced object, printed `namespace/name`.
@frozen public struct ObjectKey: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The namespace; empty for cluster-scoped objects.
    public let namespace: String
    /// The name inside the namespace.
    public let name: String

    /// Joins a namespace and a name.
    @inlinable public init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// `namespace/name`, or the name alone for cluster-scoped objects.
    @inlinable public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    /// Orders by namespace, then name.
    @inlinable public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}
