public import FleetModel

/// A scalar of a file: its text, its value, and where its characters stood.
public struct LocatedScalar: Hashable, Sendable {
    /// How the text was written.
    public enum Style: Hashable, Sendable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    /// The text without quotes and indentation; also where the value is a number (`01:00`, `1.10`).
    public let text: String
    /// The typed value.
    public let value: VariableValue
    /// How it was written.
    public let style: Style
    /// Where the first character of the text stood.
    public let textLocation: SourceLocation
    /// The first column of the text's further lines.
    public let continuationColumn: Int

    /// Joins text, value and place.
    public init(
        text: String, value: VariableValue, style: Style = .plain, textLocation: SourceLocation,
        continuationColumn: Int = 1
    ) {
        self.text = text
        self.value = value
        self.style = style
        self.textLocation = textLocation
        self.continuationColumn = continuationColumn
    }

    /// Whether it is Ansible Vault ciphertext.
    public var isVaulted: Bool {
        if case .vaulted = value { true } else { false }
    }

    /// Where a character of the text stood.
    ///
    /// Exact for literal blocks and for scalars of one line without escapes; the beginning of the text where lines were
    /// folded.
    public func location(of index: String.Index) -> SourceLocation {
        let before = text[..<index]
        if style != .literal, text.utf8.contains(10) || style == .folded { return textLocation }
        return textLocation.advanced(by: before, continuingAt: continuationColumn)
    }
}
