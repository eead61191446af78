/// An object of Kubernetes' API whose copies share their content until one of them changes.
///
/// Objects are copied far more often than they change: from the watch into the world, from there to whoever asks. A copy
/// costs one reference, and a change that nobody else sees is made in place. The content's properties are the object's own;
/// the object's extensions reach them through `self`.
@dynamicMemberLookup public protocol SharedObject: Hashable, Sendable, Codable {
    /// What the object says.
    associatedtype Content: Hashable, Sendable, Codable
    /// What this object says.
    var content: Shared<Content> { get set }
    /// An object that says this.
    init(content: Shared<Content>)
}

extension SharedObject {
    /// A property of the content.
    @inlinable public subscript<Part>(dynamicMember path: WritableKeyPath<Content, Part>) -> Part {
        get { content.only[0][keyPath: path] }
        set { content.only[0][keyPath: path] = newValue }
    }

    /// Reads the content's properties under their names.
    public init(from decoder: any Decoder) throws { self.init(content: Shared(try Content(from: decoder))) }

    /// Writes the content's properties under their names.
    public func encode(to encoder: any Encoder) throws { try content.only[0].encode(to: encoder) }
}

/// A value behind one reference: an array of one, which is shared when it is copied and changed in place when it is not.
@frozen public struct Shared<Value: Hashable & Sendable>: Hashable, Sendable {
    @usableFromInline var only: ContiguousArray<Value>

    /// Holds a value.
    @inlinable public init(_ value: Value) { only = [value] }
}
