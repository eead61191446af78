import FleetWire

extension JSONValue {
    /// Sets a member deep inside, or removes it with nil; objects emptied by a removal stay.
    mutating func set(_ value: JSONValue?, at path: String...) { set(value, at: path[...]) }

    private mutating func set(_ value: JSONValue?, at path: ArraySlice<String>) {
        guard let key = path.first else { return }
        if path.count == 1 {
            if let value { self[key] = value } else { removeMember(key) }
            return
        }
        if value == nil, self[key].object == nil { return }
        var inner = self[key]
        inner.set(value, at: path.dropFirst())
        self[key] = inner
    }

    /// The object with `metadata.resourceVersion` set.
    func withResourceVersion(_ revision: Int64) -> JSONValue {
        var copy = self
        copy["metadata"]["resourceVersion"] = .string("\(revision)")
        return copy
    }

    /// The value unless it is an empty object, an empty array or null.
    var nonEmpty: JSONValue? {
        switch self {
        case .null: nil
        case .object(let members) where members.isEmpty: nil
        case .array(let elements) where elements.isEmpty: nil
        default: self
        }
    }

    /// An array of strings.
    static func strings(_ texts: some Sequence<String>) -> JSONValue { .array(texts.map { .string($0) }) }

    /// An object without members.
    static var emptyObject: JSONValue { .object(JSONObject()) }
}
