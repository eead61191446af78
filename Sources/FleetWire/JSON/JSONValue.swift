/// A JSON value as a tree: members keep their order, numbers their exact text.
///
/// Reading goes by subscripts that yield `null` for what is absent, so that paths chain:
/// `pod["metadata"]["labels"]["app"].string`. There is no `nil` literal for `null`: beside optionals it would mean the
/// other thing without a word.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// A whole number.
    @inlinable public static func int(_ value: some BinaryInteger) -> JSONValue { .number(JSONNumber(value)) }

    /// The member of an object; `null` when it is absent or the value is no object.
    ///
    /// Setting a member of anything but an object first makes it an empty object; a set `null` stays as an explicit
    /// `null`, `removeMember` takes a member away.
    @inlinable public subscript(key: String) -> JSONValue {
        get {
            guard case .object(let object) = self else { return .null }
            return object[key] ?? .null
        }
        set {
            var object = self.object ?? JSONObject()
            self = .null
            object[key] = newValue
            self = .object(object)
        }
    }

    /// The element of an array; `null` when it is absent or the value is no array.
    @inlinable public subscript(index: Int) -> JSONValue {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return .null }
        return elements[index]
    }

    /// Removes a member of an object and returns it; nil when there was none.
    @discardableResult
    public mutating func removeMember(_ key: String) -> JSONValue? {
        guard var object else { return nil }
        let removed = object[key]
        object[key] = nil
        self = .object(object)
        return removed
    }

    /// The text of a string; nil for anything else.
    @inlinable public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The value of a boolean; nil for anything else.
    @inlinable public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The value of a number that is whole and fits; nil for anything else.
    @inlinable public var int64: Int64? {
        guard case .number(let number) = self else { return nil }
        return number.int64
    }

    /// The value of a number that is whole and fits; nil for anything else.
    @inlinable public var int: Int? { int64.flatMap(Int.init(exactly:)) }

    /// The nearest floating-point value of a number; nil for anything else.
    @inlinable public var double: Double? {
        guard case .number(let number) = self else { return nil }
        return number.double
    }

    /// The elements of an array; nil for anything else.
    @inlinable public var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The elements of an array; empty for anything else.
    @inlinable public var elements: [JSONValue] { array ?? [] }

    /// The members of an object; nil for anything else.
    @inlinable public var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    /// Whether it is `null`, or was reached through something absent.
    @inlinable public var isNull: Bool { self == .null }

    /// The members whose values are strings, as a dictionary; empty for anything but an object.
    public var strings: [String: String] {
        guard case .object(let object) = self else { return [:] }
        var result: [String: String] = [:]
        result.reserveCapacity(object.count)
        for member in object {
            if case .string(let text) = member.value { result[member.key] = text }
        }
        return result
    }

    /// An object of strings, its keys sorted.
    public init(_ strings: [String: String]) {
        self = .object(JSONObject(strings.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object, its members in the order written.
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}
