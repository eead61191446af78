import FleetExpressions
import Yams

/// Finds keys of mappings that are aliases, or hold some.
///
/// Yams hashes every key of a mapping, all that it unfolds to: a few lines of aliases of aliases under one key keep it
/// busy for ever. So a text with many aliases is read once with words in the place of them, which unfold to nothing.
enum AliasKeys {
    /// As many aliases unfold to some hundred times what the text holds, at most.
    private static let harmless = 16
    /// Stands for the asterisk of an alias; no plain scalar begins with an asterisk of its own.
    private static let mark: Unicode.Scalar = "\u{E000}"

    /// What is wrong with such a key; nil when there is none, or too few aliases to matter.
    static func mistake(in text: String, file: String) throws -> Diagnostic? {
        let (replaced, count) = withoutAliases(text)
        guard count > harmless else { return nil }
        guard let root = try Parser(yaml: replaced, resolver: .basic, encoding: .utf8).singleRoot(),
            let key = first(in: root)
        else { return nil }
        return Diagnostic(
            "a key must be text", at: SourceLocation(file: file, line: key.line, column: key.column),
            found: "an alias, or what may hold aliases", suggestion: "write the key out")
    }

    /// The same text with a mark for the asterisk of everything that may be an alias, and how many there are.
    ///
    /// Inside scalars and comments, where it is none, that changes no structure either.
    private static func withoutAliases(_ text: String) -> (String, Int) {
        var (result, count) = (String.UnicodeScalarView(), 0)
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            let isAlias = scalar == "*" && rest.first.map(isOfName) ?? false
            if isAlias { count += 1 }
            result.append(isAlias ? mark : scalar)
        }
        return (String(result), count)
    }

    /// What an anchor's name is made of (libyaml: letters, digits, `_`, `-`).
    private static func isOfName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }

    private static func first(in node: Yams.Node) -> Mark? {
        switch node {
        case .sequence(let sequence): sequence.lazy.compactMap { first(in: $0) }.first
        case .mapping(let mapping): mapping.lazy.compactMap { place(ofKey: $0.key) ?? first(in: $0.value) }.first
        case .scalar, .alias: nil
        }
    }

    private static func place(ofKey key: Yams.Node) -> Mark? {
        guard case .scalar(let scalar) = key else { return key.mark }
        return scalar.style == .plain && scalar.string.unicodeScalars.first == mark ? key.mark : nil
    }
}
