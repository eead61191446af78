public import FleetExpressions
import FleetModel
import Yams

/// Reads YAML into values that know their places.
public enum YAMLReader {
    /// Reads one document.
    ///
    /// An empty text is nothing. Anchors and merge keys are worked out, duplicate keys are mistakes, `!vault` marks
    /// ciphertext.
    public static func read(_ text: String, file: String) throws(Diagnostics) -> LocatedValue {
        let start = SourceLocation(file: file)
        let root: Yams.Node?
        do {
            if let mistake = try AliasKeys.mistake(in: text, file: file) { throw Diagnostics(mistake) }
            root = try Parser(yaml: text, resolver: Resolver.basic, encoding: .utf8).singleRoot()
        } catch let failure as Diagnostics {
            throw failure
        } catch {
            throw Diagnostics(YAMLFailure(text: text, file: file).diagnostic(for: error))
        }
        guard let root else { return .null(at: start) }
        var converter = YAMLConverter(text: text, file: file)
        let value = converter.convert(root)
        if let failure = Diagnostics(converter.diagnostics) { throw failure }
        return value
    }
}

/// Turns Yams' nodes into located values.
struct YAMLConverter {
    /// The most values one file may unfold to: aliases of aliases grow without bound.
    private static let mostValues = 1_000_000

    private(set) var diagnostics: [Diagnostic] = []
    private let file: String
    private let lines: [Substring]
    private var count = 0

    init(text: String, file: String) {
        self.file = file
        lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    mutating func convert(_ node: Yams.Node) -> LocatedValue {
        let location = location(of: node.mark)
        count += 1
        guard count <= Self.mostValues else {
            if count == Self.mostValues + 1 {
                report("the file unfolds to more than \(Self.mostValues) values", at: location)
            }
            return .null(at: location)
        }
        switch node {
        case .scalar(let scalar): return LocatedValue(.scalar(convert(scalar, isKey: false)), at: location)
        case .sequence(let sequence): return LocatedValue(.sequence(sequence.map { convert($0) }), at: location)
        case .mapping(let mapping): return LocatedValue(.mapping(convert(mapping)), at: location)
        case .alias: return .null(at: location)
        }
    }

    private func location(of mark: Mark?) -> SourceLocation {
        SourceLocation(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    private mutating func report(
        _ message: String, at location: SourceLocation, found: String? = nil, suggestion: String? = nil
    ) {
        diagnostics.append(Diagnostic(message, at: location, found: found, suggestion: suggestion))
    }

    // MARK: - Mappings

    private mutating func convert(_ mapping: Yams.Node.Mapping) -> LocatedMapping {
        var merged: [LocatedMapping.Entry] = []
        var own: [LocatedMapping.Entry] = []
        for (key, value) in mapping {
            if let scalar = key.scalar, scalar.style == .plain, scalar.string == "<<" {
                merged = union(merged, mergedEntries(value))
            } else if let entry = entry(key, value) {
                own.append(entry)
            }
        }
        guard !merged.isEmpty else { return LocatedMapping(own) }
        let overlaid = Dictionary(own.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        return LocatedMapping(union(merged.map { overlaid[$0.key] ?? $0 }, own))
    }

    private mutating func entry(_ key: Yams.Node, _ value: Yams.Node) -> LocatedMapping.Entry? {
        let location = location(of: key.mark)
        guard case .scalar(let scalar) = key else {
            report(
                "a key must be text", at: location, found: key.mapping == nil ? "a list" : "a mapping",
                suggestion: "a value that begins with {{ needs quotes: \"{{ name }}\"")
            return nil
        }
        let converted = convert(scalar, isKey: true)
        return LocatedMapping.Entry(
            key: converted.text, keyValue: converted.value, keyLocation: location, value: convert(value))
    }

    /// The entries that `<<` brings in; of a list the earlier mappings win.
    private mutating func mergedEntries(_ value: Yams.Node) -> [LocatedMapping.Entry] {
        switch value {
        case .mapping(let mapping): return convert(mapping).entries
        case .sequence(let sequence):
            var entries: [LocatedMapping.Entry] = []
            for element in sequence { entries = union(entries, mergedEntries(element)) }
            return entries
        default:
            report(
                "<< needs a mapping or a list of mappings", at: location(of: value.mark),
                found: "\"\(value.string ?? "")\"")
            return []
        }
    }

    private func union(
        _ first: [LocatedMapping.Entry], _ second: [LocatedMapping.Entry]
    ) -> [LocatedMapping.Entry] {
        let known = Set(first.map(\.key))
        return first + second.filter { !known.contains($0.key) }
    }

    // MARK: - Scalars

    private mutating func convert(_ scalar: Yams.Node.Scalar, isKey: Bool) -> LocatedScalar {
        let start = location(of: scalar.mark)
        let value = value(of: scalar, isKey: isKey, at: start)
        let place = textPlace(scalar.style, at: start)
        return LocatedScalar(
            text: scalar.string, value: value, style: Self.style(scalar.style), textLocation: place.start,
            continuationColumn: place.column)
    }

    private static let prefix = "tag:yaml.org,2002:"

    private mutating func value(of scalar: Yams.Node.Scalar, isKey: Bool, at location: SourceLocation) -> VariableValue
    {
        let tag = scalar.tag.description
        let isPlain = scalar.style == .plain
        switch tag {
        case "!unsafe": return Self.unsafe(scalar.string, isPlain: isPlain)
        case "": return isPlain ? PlainScalar.value(of: scalar.string) : .string(scalar.string)
        case Self.prefix + "str":
            return isPlain && isKey ? PlainScalar.value(of: scalar.string) : .string(scalar.string)
        case "!", Self.prefix + "binary", Self.prefix + "timestamp": return .string(scalar.string)
        case "!vault", "!vault-encrypted": return .vaulted(scalar.string)
        case Self.prefix + "null": return .null
        case Self.prefix + "int", Self.prefix + "bool": return PlainScalar.value(of: scalar.string)
        case Self.prefix + "float": return Double(scalar.string).map { .float($0) } ?? .string(scalar.string)
        default:
            report("unknown tag \(tag)", at: location, suggestion: "fleet knows !vault and !unsafe")
            return .null
        }
    }

    /// `!unsafe` text is no template, whatever stands in it.
    private static func unsafe(_ text: String, isPlain: Bool) -> VariableValue {
        if text.contains("{{") || text.contains("{%") { return .string("{% raw %}\(text){% endraw %}") }
        return isPlain ? PlainScalar.value(of: text) : .string(text)
    }

    private static func style(_ style: Yams.Node.Scalar.Style) -> LocatedScalar.Style {
        switch style {
        case .any, .plain: .plain
        case .singleQuoted: .singleQuoted
        case .doubleQuoted: .doubleQuoted
        case .literal: .literal
        case .folded: .folded
        }
    }

    private func textPlace(_ style: Yams.Node.Scalar.Style, at start: SourceLocation) -> (
        start: SourceLocation, column: Int
    ) {
        switch style {
        case .any, .plain: return (start, start.column)
        case .singleQuoted, .doubleQuoted:
            return (SourceLocation(file: file, line: start.line, column: start.column + 1), start.column)
        case .literal, .folded:
            let body = lines.dropFirst(start.line).first { $0.contains { $0 != " " } }
            let column = (body?.prefix { $0 == " " }.count ?? 0) + 1
            return (SourceLocation(file: file, line: start.line + 1, column: column), column)
        }
    }
}
