/// A value of an inventory or playbook variable: what YAML, INI and expressions can say.
public indirect enum VariableValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case list([VariableValue])
    case mapping(VariableMapping)
    /// Ansible Vault ciphertext; fleet holds no vault password, so any use of it is an error.
    case vaulted(String)
}

extension VariableValue {
    /// The string, when it is one.
    public var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The entries, when it is a mapping.
    public var mappingValue: VariableMapping? {
        if case .mapping(let mapping) = self { mapping } else { nil }
    }

    /// The elements, when it is a list.
    public var listValue: [VariableValue]? {
        if case .list(let elements) = self { elements } else { nil }
    }

    /// The text of a scalar as a template prints it (`true`, `22`, `1.5`, the string itself); nil for null, lists,
    /// mappings and vaulted values.
    public var scalarText: String? {
        switch self {
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .float(let number): String(number)
        case .string(let text): text
        case .null, .list, .mapping, .vaulted: nil
        }
    }

    /// The kind in an operator's words, such as `a list`; for messages.
    public var kindName: String {
        switch self {
        case .null: "nothing"
        case .bool: "a boolean"
        case .int: "a whole number"
        case .float: "a number"
        case .string: "a string"
        case .list: "a list"
        case .mapping: "a mapping"
        case .vaulted: "a vaulted value"
        }
    }
}

extension VariableValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .float(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A list.
    public init(arrayLiteral elements: VariableValue...) { self = .list(elements) }
    /// A mapping in the order written.
    public init(dictionaryLiteral elements: (String, VariableValue)...) { self = .mapping(VariableMapping(elements)) }
}
