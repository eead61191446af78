public import FleetModel

extension LabelSelector {
    /// Reads Kubernetes' selector text: `key`, `!key`, `key=value`, `key==value`, `key!=value`, `key in (a, b)`, `key
    /// notin (a, b)`, joined by commas.
    ///
    /// Nil for anything else and for an empty text.
    public init?(text: String) {
        var labels: [String: String] = [:]
        var requirements: [SelectorRequirement] = []
        let parts = Self.splitOutsideParentheses(text)
        guard !parts.isEmpty else { return nil }
        for part in parts {
            guard let requirement = Self.requirement(part) else { return nil }
            if requirement.operation == .isIn, requirement.values.count == 1, labels[requirement.key] == nil {
                labels[requirement.key] = requirement.values[0]
            } else {
                requirements.append(requirement)
            }
        }
        self.init(matchLabels: labels, matchExpressions: requirements)
    }

    /// Reads `matchLabels`/`matchExpressions`, or a plain mapping of labels to values.
    init?(mapping: LocatedMapping, _ diagnostics: inout [Diagnostic]) {
        let form: ValueForm<[String: String]> = .dictionary(of: .string)
        guard mapping.keys.contains(where: { $0 == "matchLabels" || $0 == "matchExpressions" }) else {
            let whole = LocatedValue(
                .mapping(mapping), at: mapping.entries.first?.keyLocation ?? SourceLocation(file: ""))
            guard let labels = form.read(whole, &diagnostics) else { return nil }
            self.init(matchLabels: labels)
            return
        }
        let labels = mapping["matchLabels"].map { form.read($0, &diagnostics) } ?? [:]
        let expressions =
            mapping["matchExpressions"].map {
                ValueForm<[SelectorRequirement]>.list(of: .requirement).read($0, &diagnostics)
            } ?? []
        guard let labels, let expressions else { return nil }
        self.init(matchLabels: labels, matchExpressions: expressions)
    }

    private static func splitOutsideParentheses(_ text: String) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return text.allSatisfy(\.isWhitespace) ? [] : parts
    }

    private static func requirement(_ part: String) -> SelectorRequirement? {
        if let match = part.wholeMatch(of: /\s*(!?)\s*([\w.\/-]+)\s*/) {
            return SelectorRequirement(String(match.2), match.1.isEmpty ? .exists : .doesNotExist)
        }
        if let match = part.wholeMatch(of: /\s*([\w.\/-]+)\s*(!=|==|=)\s*([\w.-]*)\s*/) {
            return SelectorRequirement(String(match.1), match.2 == "!=" ? .isNotIn : .isIn, [String(match.3)])
        }
        guard let match = part.wholeMatch(of: /\s*([\w.\/-]+)\s+(in|notin)\s*\(([^()]*)\)\s*/) else { return nil }
        let values = match.3.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
        return values.isEmpty ? nil : SelectorRequirement(String(match.1), match.2 == "in" ? .isIn : .isNotIn, values)
    }
}

extension ValueForm<SelectorRequirement> {
    fileprivate static var requirement: ValueForm {
        .object("a selector requirement") { decoder in
            let key = decoder.required("key", .string)
            let name = decoder.required("operator", .string)
            let values = decoder.optional("values", .list(of: ValueForm<String>.string)) ?? []
            guard let key, let name else { return nil }
            guard let operation = SelectorRequirement.Operation(rawValue: name) else {
                decoder.report("unknown operator \"\(name)\"", expected: "In, NotIn, Exists or DoesNotExist")
                return nil
            }
            return SelectorRequirement(key, operation, values)
        }
    }
}
