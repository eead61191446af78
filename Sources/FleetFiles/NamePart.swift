/// What of a line may be shown in a message: a name, never the value behind it, which may be a password.
enum NamePart {
    /// The line up to its first `=` or `:`, without blanks before it; nil where it has none, or nothing before it.
    static func of(_ line: some StringProtocol) -> String? {
        let scalars = line.unicodeScalars
        guard let end = scalars.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return nil }
        let name = String.UnicodeScalarView(scalars[..<end].drop { $0.properties.isWhitespace }.prefix(60))
        return name.isEmpty ? nil : "\"\(String(name))\(scalars[end]) …\""
    }
}
