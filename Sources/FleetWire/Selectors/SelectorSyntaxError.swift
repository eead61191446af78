/// A selector that cannot be read.
public struct SelectorSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The selector's text.
    public let selector: String
    /// What is wrong with it.
    public let reason: String

    /// A complaint.
    public init(selector: String, reason: String) {
        self.selector = selector
        self.reason = reason
    }

    /// `selector "…": reason`.
    public var description: String { "selector \"\(selector)\": \(reason)" }
}
