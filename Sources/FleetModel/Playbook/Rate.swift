/// How often something may happen: a count per span of time, printed `20/s`.
public struct Rate: Hashable, Sendable, CustomStringConvertible {
    /// The spans that a rate may be written with.
    public enum Span: String, CaseIterable, Hashable, Sendable {
        case second = "s"
        case minute = "m"
        case hour = "h"

        /// The length in seconds.
        public var seconds: Int {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3600
            }
        }
    }

    /// How many; at least 1.
    public let count: Int
    /// In which span.
    public let span: Span

    /// A rate; nil when the count is below 1.
    public init?(_ count: Int, per span: Span) {
        guard count >= 1 else { return nil }
        self.init(unchecked: count, span)
    }

    private init(unchecked count: Int, _ span: Span) {
        self.count = count
        self.span = span
    }

    /// Reads `20/s`, `90/m` or `600/h`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), let span = Span(rawValue: String(parts[1])) else {
            return nil
        }
        self.init(count, per: span)
    }

    /// Twenty a second: the default of `evictions.rate`.
    public static let twentyPerSecond = Rate(unchecked: 20, .second)

    /// The mean number a second.
    public var perSecond: Double { Double(count) / Double(span.seconds) }
    /// `20/s`.
    public var description: String { "\(count)/\(span.rawValue)" }
}
