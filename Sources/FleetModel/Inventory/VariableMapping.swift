/// Variables by name, in the order in which the names were first written.
public struct VariableMapping: Sendable {
    /// The names, in order.
    public private(set) var names: [String] = []
    private var values: [String: VariableValue] = [:]

    /// No variables.
    public init() {}

    /// Entries in order; a later value of the same name replaces the earlier one.
    public init(_ entries: some Sequence<(String, VariableValue)>) {
        for (name, value) in entries { self[name] = value }
    }

    /// The value of a name; setting nil removes it.
    public subscript(name: String) -> VariableValue? {
        get { values[name] }
        set {
            let old = values[name]
            values[name] = newValue
            if old == nil, newValue != nil { names.append(name) }
            if old != nil, newValue == nil { names.removeAll { $0 == name } }
        }
    }

    /// Whether there are no entries.
    public var isEmpty: Bool { names.isEmpty }
    /// How many entries there are.
    public var count: Int { names.count }

    /// Name and value, in order.
    public var entries: [(name: String, value: VariableValue)] {
        names.compactMap { name in values[name].map { (name, $0) } }
    }

    /// These entries with another's laid over them: its values replace whole, as Ansible's default
    /// `hash_behaviour = replace` does.
    public func overlaid(by other: VariableMapping) -> VariableMapping {
        var result = self
        for (name, value) in other.entries { result[name] = value }
        return result
    }
}

extension VariableMapping: Hashable {
    /// Equal when names and values are equal, in whatever order.
    public static func == (left: VariableMapping, right: VariableMapping) -> Bool { left.values == right.values }
    /// Hashes the entries without their order.
    public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension VariableMapping: ExpressibleByDictionaryLiteral {
    /// Entries in the order written.
    public init(dictionaryLiteral elements: (String, VariableValue)...) { self.init(elements) }
}
