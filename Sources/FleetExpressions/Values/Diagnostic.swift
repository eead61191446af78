/// One mistake in a file: where, what, what was found, what was expected, and the likely mend.
public struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    /// How much it matters.
    public enum Severity: String, Hashable, Sendable {
        /// The file cannot be used.
        case error
        /// The file can be used; something in it is ignored or doubtful.
        case warning
    }

    /// How much it matters.
    public var severity: Severity
    /// Where.
    public var location: SourceLocation
    /// What is wrong, in a sentence without a full stop.
    public var message: String
    /// What stands there; nil when the message says it.
    public var found: String?
    /// What may stand there; nil when the message says it.
    public var expected: String?
    /// The likely mend, such as `did you mean "hosts"?`.
    public var suggestion: String?

    /// A mistake.
    public init(
        _ message: String, at location: SourceLocation, found: String? = nil, expected: String? = nil,
        suggestion: String? = nil, severity: Severity = .error
    ) {
        self.severity = severity
        self.location = location
        self.message = message
        self.found = found
        self.expected = expected
        self.suggestion = suggestion
    }

    /// `file:line:column: message: found …, expected …; suggestion`.
    public var description: String {
        let details = [found.map { "found \($0)" }, expected.map { "expected \($0)" }].compactMap(\.self)
        var text = "\(location): \(message)"
        if !details.isEmpty { text += ": " + details.joined(separator: ", ") }
        if let suggestion { text += "; \(suggestion)" }
        return text
    }
}

/// All mistakes of one reading, in the order of their places.
public struct Diagnostics: Error, Hashable, Sendable, CustomStringConvertible {
    /// The mistakes; at least one.
    public let all: [Diagnostic]

    /// Orders the mistakes by file, line and column; nil when there is no error among them.
    public init?(_ diagnostics: [Diagnostic]) {
        guard diagnostics.contains(where: { $0.severity == .error }) else { return nil }
        all = diagnostics.ordered
    }

    /// A single mistake.
    public init(_ diagnostic: Diagnostic) { all = [diagnostic] }

    /// One line a mistake.
    public var description: String { all.map(\.description).joined(separator: "\n") }
}

extension [Diagnostic] {
    /// The same, by file, line and column.
    var ordered: [Diagnostic] {
        sorted { left, right in
            let (left, right) = (left.location, right.location)
            return (left.file, left.line, left.column) < (right.file, right.line, right.column)
        }
    }
}
