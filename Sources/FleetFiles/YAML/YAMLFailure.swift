import FleetExpressions
import Yams

/// Says what is wrong with a text that is no YAML, in an operator's words and with its place.
struct YAMLFailure {
    private let file: String
    private let lines: [Substring]

    init(text: String, file: String) {
        self.file = file
        lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    func diagnostic(for error: any Error) -> Diagnostic {
        guard let error = error as? YamlError else { return plain("not valid YAML: \(error)") }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return syntax(context: context, problem: problem, mark: mark)
        case .reader(let problem, let offset, _, let text):
            return plain("not valid YAML: \(problem)", at: line(ofOffset: offset, in: text))
        case .duplicatedKeysInMapping(let keys, let context): return duplicate(keys, first: context.mark)
        default: return plain("not valid YAML: \(error)")
        }
    }

    private func plain(_ message: String, at line: Int = 1) -> Diagnostic {
        Diagnostic(message, at: SourceLocation(file: file, line: line))
    }

    private func line(ofOffset offset: Int?, in text: String) -> Int {
        text.utf8.prefix(offset ?? 0).count { $0 == UInt8(ascii: "\n") } + 1
    }

    private func text(ofLine number: Int) -> Substring? { lines.indices.contains(number - 1) ? lines[number - 1] : nil }

    private func syntax(context: YamlError.Context?, problem: String, mark: Mark) -> Diagnostic {
        if problem.contains("another document") {
            return Diagnostic("a second document begins here", at: secondDocument, expected: "one document a file")
        }
        let line = text(ofLine: mark.line)
        let details = context.map { " (\($0.text) that began on line \($0.mark.line))" } ?? ""
        return Diagnostic(
            "not valid YAML: \(problem)\(details)",
            at: SourceLocation(file: file, line: mark.line, column: mark.column),
            found: line.flatMap(NamePart.of), suggestion: mend(problem, line))
    }

    private var secondDocument: SourceLocation {
        let marks = lines.indices.filter { lines[$0].hasPrefix("---") }
        let isFirstExplicit = marks.first.map { lines[..<$0].allSatisfy { $0.isEmpty || $0.hasPrefix("#") } } ?? false
        let second = isFirstExplicit ? marks.dropFirst().first : marks.first
        return SourceLocation(file: file, line: (second ?? 0) + 1)
    }

    private func mend(_ problem: String, _ line: Substring?) -> String? {
        if line?.contains("\t") ?? false { return "indent with spaces; YAML forbids tabs" }
        if problem.contains("mapping values are not allowed") {
            return "a value with \": \" in it needs quotes; else check the indentation"
        }
        if line?.contains("{{") ?? false { return "a value that begins with {{ needs quotes: \"{{ name }}\"" }
        if problem.contains("did not find expected key") {
            return "check the indentation of this line and the one above"
        }
        return nil
    }

    /// Yams names the first of the equal keys; the second one is what the operator must see.
    private func duplicate(_ keys: [String], first: Mark) -> Diagnostic {
        let key = keys.first ?? ""
        let indentation = String(repeating: " ", count: first.column - 1)
        let spellings = [key, "\"\(key)\"", "'\(key)'"].map { indentation + $0 + ":" }
        let following = lines.indices.dropFirst(first.line)
        let second = following.first { number in spellings.contains { lines[number].hasPrefix($0) } }
        let line = second.map { $0 + 1 } ?? first.line
        return Diagnostic(
            "key \"\(key)\" stands twice in one mapping",
            at: SourceLocation(file: file, line: line, column: first.column),
            found: second == nil ? nil : "the first on line \(first.line)", suggestion: "remove one of them")
    }
}
