/// The members of a JSON object, in order.
///
/// Look-ups walk the members: the objects of Kubernetes are small, and an array is quicker to build than a dictionary.
/// Equality ignores the order.
public struct JSONObject: Sendable, RandomAccessCollection {
    /// One member.
    public typealias Element = (key: String, value: JSONValue)

    @usableFromInline var members: [Element]

    /// An empty object.
    @inlinable public init() { members = [] }

    /// Members in the order given; of two with one key the later one wins.
    public init(_ members: [(String, JSONValue)]) {
        self.members = []
        self.members.reserveCapacity(members.count)
        for (key, value) in members { self[key] = value }
    }

    /// Members that the parser has found; it keeps the first place and the last value of a repeated key.
    init(parsed members: [Element]) { self.members = members }

    /// The value of a member; nil when absent.
    ///
    /// Setting nil removes the member, setting a new key appends.
    @inlinable public subscript(key: String) -> JSONValue? {
        get {
            for member in members where member.key == key { return member.value }
            return nil
        }
        set {
            let place = members.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// The member at a place.
    @inlinable public subscript(position: Int) -> Element { members[position] }
    /// The first place.
    @inlinable public var startIndex: Int { members.startIndex }
    /// The place after the last.
    @inlinable public var endIndex: Int { members.endIndex }

    /// The keys in order.
    public var keys: [String] { members.map(\.key) }
}

extension JSONObject: Hashable {
    /// Whether both have the same members, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    /// Hashes the members without regard to their order.
    public func hash(into hasher: inout Hasher) {
        var combined = 0
        for member in members {
            var each = Hasher()
            each.combine(member.key)
            each.combine(member.value)
            combined ^= each.finalize()
        }
        hasher.combine(combined)
    }
}
