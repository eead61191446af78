public import FleetModel

/// What a value may be, as keywords of JSON Schema (draft 2020-12): what editors complete and check files by.
///
/// Schemas come from the forms that read the files, so that neither knows what the other does not.
public struct ValueSchema: Hashable, Sendable {
    /// The keywords, such as `type` and `properties`.
    public var keywords: VariableMapping

    /// A schema of keywords; none of them accepts anything.
    public init(_ keywords: VariableMapping = [:]) { self.keywords = keywords }

    /// Anything.
    public static var anything: ValueSchema { ValueSchema() }

    /// What a definition of the whole schema says.
    public static func reference(_ name: String) -> ValueSchema {
        ValueSchema(["$ref": .string("#/$defs/\(name)")])
    }

    /// Text, which YAML may have read as a number.
    public static func text(_ description: String? = nil, pattern: String? = nil) -> ValueSchema {
        var schema = ValueSchema(["type": pattern == nil ? ["string", "number"] : "string"])
        if let pattern { schema.keywords["pattern"] = .string(pattern) }
        return description.map { schema.described($0) } ?? schema
    }

    /// Any scalar.
    public static var scalar: ValueSchema { ValueSchema(["type": ["string", "number", "boolean"]]) }

    /// Nothing at all, such as the value of `cordon:`.
    public static var nothing: ValueSchema { ValueSchema(["type": "null"]) }

    /// One of some words.
    public static func choice(_ words: [String]) -> ValueSchema {
        ValueSchema(["type": "string", "enum": .list(words.map { .string($0) })])
    }

    /// A list.
    public static func list(of element: ValueSchema) -> ValueSchema {
        ValueSchema(["type": "array", "items": element.value])
    }

    /// What one of several schemas accepts.
    public static func any(of schemas: [ValueSchema]) -> ValueSchema {
        schemas.count == 1 ? schemas[0] : ValueSchema(["anyOf": .list(schemas.map(\.value))])
    }

    /// A mapping of the keys that a reader asks for, and no others.
    public static func object(_ keys: [Key], rest: ValueSchema? = nil) -> ValueSchema {
        var schema = ValueSchema([
            "type": "object", "properties": .mapping(VariableMapping(keys.map { ($0.name, $0.schema.value) })),
            "additionalProperties": rest?.value ?? false,
        ])
        let required = keys.filter(\.isRequired).map { VariableValue.string($0.name) }
        if !required.isEmpty { schema.keywords["required"] = .list(required) }
        return schema
    }

    /// A key of a mapping.
    public struct Key: Hashable, Sendable {
        /// The key.
        public var name: String
        /// Whether it must be there.
        public var isRequired: Bool
        /// What its value may be.
        public var schema: ValueSchema

        /// A key.
        public init(_ name: String, isRequired: Bool = false, _ schema: ValueSchema) {
            self.name = name
            self.isRequired = isRequired
            self.schema = schema
        }
    }

    /// The same, with a sentence for people; one that is there already stays.
    public func described(_ text: String) -> ValueSchema {
        guard keywords["description"] == nil, !text.isEmpty else { return self }
        var schema = self
        schema.keywords["description"] = .string(text)
        return schema
    }

    /// The schema as a value, to be written as JSON.
    public var value: VariableValue { .mapping(keywords) }
}
