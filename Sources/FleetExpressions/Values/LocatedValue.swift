public import FleetModel

/// A value read from a file that remembers where it stood.
public struct LocatedValue: Hashable, Sendable {
    /// What it is.
    public indirect enum Content: Hashable, Sendable {
        case scalar(LocatedScalar)
        case sequence([LocatedValue])
        case mapping(LocatedMapping)
    }

    /// Where it begins.
    public let location: SourceLocation
    /// What it is.
    public let content: Content

    /// Joins a place and a content.
    public init(_ content: Content, at location: SourceLocation) {
        self.location = location
        self.content = content
    }

    /// Nothing, such as the value of `cordon:` alone.
    public static func null(at location: SourceLocation) -> LocatedValue {
        LocatedValue(.scalar(LocatedScalar(text: "", value: .null, textLocation: location)), at: location)
    }

    /// A string.
    public static func string(_ text: String, at location: SourceLocation) -> LocatedValue {
        LocatedValue(.scalar(LocatedScalar(text: text, value: .string(text), textLocation: location)), at: location)
    }
}

extension LocatedValue {
    /// The scalar, when it is one.
    public var scalar: LocatedScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// The elements, when it is a sequence.
    public var elements: [LocatedValue]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The entries, when it is a mapping.
    public var mapping: LocatedMapping? {
        if case .mapping(let mapping) = content { mapping } else { nil }
    }

    /// Whether it is nothing: an empty value, `~` or `null`.
    public var isNull: Bool { scalar?.value == .null }

    /// The value without its places.
    public var value: VariableValue {
        switch content {
        case .scalar(let scalar): scalar.value
        case .sequence(let elements): .list(elements.map(\.value))
        case .mapping(let mapping): .mapping(mapping.values)
        }
    }

    /// What stands there, for messages: the text of a scalar in quotes, else its kind.
    ///
    /// Vaulted text is not shown.
    public var foundText: String {
        guard let scalar else { return value.kindName }
        if scalar.value == .null || scalar.isVaulted { return value.kindName }
        let line = scalar.text.prefix { $0 != "\n" }
        return line.count > 60 || line.count < scalar.text.count ? "\"\(line.prefix(60))…\"" : "\"\(line)\""
    }
}
