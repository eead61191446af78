/// A JSON number by its text, so that nothing is rounded on the way through.
public struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    /// The digits as they were read or are written, such as `12` or `1.50e3`.
    public let text: String

    /// A whole number.
    @inlinable public init(_ value: some BinaryInteger) { text = String(value) }

    /// A finite floating-point number; NaN and infinities, which JSON lacks, become 0.
    public init(_ value: Double) {
        text = value.isFinite ? value.description : "0"
    }

    /// Wraps digits that the parser has checked.
    init(checked text: String) { self.text = text }

    /// The value when it is whole and fits into 64 bits.
    public var int64: Int64? { Int64(text) ?? Double(text).flatMap(Int64.init(exactly:)) }

    /// The nearest floating-point value.
    public var double: Double? { Double(text) }

    /// The text.
    public var description: String { text }
}
