public import FleetModel

/// A form that a value in a file must have: what is expected, and how it is read.
public struct ValueForm<Value>: Sendable {
    /// What is expected, such as `a duration such as 10m or 2m30s`.
    public let expected: String
    /// Reads a value; nil after adding at least one mistake.
    public let read: @Sendable (LocatedValue, inout [Diagnostic]) -> Value?

    private let makeSchema: @Sendable () -> ValueSchema

    /// A form with its own reader, which must add a mistake whenever it returns nil.
    ///
    /// - Parameter schema: what the reader accepts, as far as JSON Schema can say it; never less than it accepts.
    public init(
        expected: String, schema: @autoclosure @escaping @Sendable () -> ValueSchema = .anything,
        read: @escaping @Sendable (LocatedValue, inout [Diagnostic]) -> Value?
    ) {
        self.expected = expected
        self.read = read
        makeSchema = schema
    }

    /// What the form accepts, for editors.
    public var schema: ValueSchema { makeSchema().described(expected) }

    /// A form that is read from a scalar; nil means that it is not of this form.
    public static func scalar(
        _ expected: String, schema: @autoclosure @escaping @Sendable () -> ValueSchema = .scalar,
        _ convert: @escaping @Sendable (LocatedScalar) -> Value?
    ) -> ValueForm {
        ValueForm(expected: expected, schema: schema()) { value, diagnostics in
            if let scalar = value.scalar, scalar.isVaulted {
                diagnostics.append(.vaulted(at: value.location))
                return nil
            }
            if let scalar = value.scalar, scalar.value != .null, let result = convert(scalar) { return result }
            diagnostics.append(
                Diagnostic("unusable value", at: value.location, found: value.foundText, expected: expected))
            return nil
        }
    }
}

extension Diagnostic {
    /// A vaulted value where a plain one is needed.
    public static func vaulted(at location: SourceLocation) -> Diagnostic {
        Diagnostic(
            "this value is encrypted with Ansible Vault, which fleet cannot open", at: location,
            suggestion: "give it with --extra-vars or in an unencrypted file")
    }
}

// MARK: - Scalars

extension ValueForm<String> {
    /// Text: a string, or a number as it was written.
    public static var string: ValueForm {
        .scalar("text", schema: .text()) { scalar in
            if case .bool = scalar.value { nil } else { scalar.text }
        }
    }
}

extension ValueForm<Bool> {
    /// `true` or `false`, or YAML's other words for them.
    public static var bool: ValueForm {
        .scalar("true or false", schema: ValueSchema(["type": "boolean"])) { scalar in
            if case .bool(let flag) = scalar.value { flag } else { nil }
        }
    }
}

extension ValueForm<Int> {
    /// A whole number within bounds.
    public static func int(in range: ClosedRange<Int>) -> ValueForm {
        let bounds =
            range.upperBound == .max
            ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
        var schema: VariableMapping = ["type": "integer", "minimum": .int(range.lowerBound)]
        if range.upperBound != .max { schema["maximum"] = .int(range.upperBound) }
        let limits = ValueSchema(schema)
        return .scalar("a whole number \(bounds)", schema: limits) { scalar in
            guard case .int(let number) = scalar.value, range.contains(number) else { return nil }
            return number
        }
    }

    /// A whole number.
    public static var int: ValueForm {
        .scalar("a whole number", schema: ValueSchema(["type": "integer"])) { scalar in
            if case .int(let number) = scalar.value { number } else { nil }
        }
    }
}

extension ValueForm<Duration> {
    /// `45s`, `10m`, `2m30s`, `1h`, or `0`.
    public static var duration: ValueForm {
        .scalar(
            "a duration such as 45s, 10m or 2m30s",
            schema: .any(of: [.text(pattern: "^(0|([0-9]+(ms|s|m|h|d))+)$"), ValueSchema(["const": 0])])
        ) { Duration(text: $0.text) }
    }
}

extension ValueForm<CountOrPercent> {
    /// `5` or `10%`.
    public static var countOrPercent: ValueForm {
        .scalar("a number such as 5 or a percentage such as 10%", schema: .share) { CountOrPercent(text: $0.text) }
    }
}

extension ValueForm<Rate> {
    /// `20/s`, `90/m`, `600/h`.
    public static var rate: ValueForm {
        .scalar("a rate such as 20/s or 90/m", schema: .text(pattern: "^[0-9]+/(s|m|h)$")) { Rate($0.text) }
    }
}

extension ValueForm<TimeOfDay> {
    /// `01:00` to `24:00`.
    public static var timeOfDay: ValueForm {
        .scalar(
            "a time of day such as \"01:00\"",
            schema: .any(of: [.text(pattern: "^[0-9]{1,2}:[0-9]{2}$"), ValueSchema(["type": "integer"])])
        ) { TimeOfDay($0.text) }
    }
}

extension ValueForm where Value: CaseIterable & RawRepresentable<String> & Sendable {
    /// One of an enumeration's words.
    public static var choice: ValueForm {
        let words = Value.allCases.map(\.rawValue)
        let expected = words.joined(separator: ", ")
        return ValueForm(expected: expected, schema: .choice(words)) { value, diagnostics in
            if let text = value.scalar?.text, let word = Value(rawValue: text) { return word }
            let near = value.scalar.flatMap { Suggestion.sentence(for: $0.text, among: words) }
            diagnostics.append(
                Diagnostic(
                    "unusable value", at: value.location, found: value.foundText, expected: "one of \(expected)",
                    suggestion: near))
            return nil
        }
    }
}

extension ValueSchema {
    /// A number, or a percentage.
    public static var share: ValueSchema {
        .any(of: [ValueSchema(["type": "integer", "minimum": 0]), .text(pattern: "^[0-9]+%$")])
    }
}

// MARK: - Compounds

extension ValueForm {
    /// The value as it stands, read later.
    public static var anything: ValueForm<LocatedValue> {
        ValueForm<LocatedValue>(expected: "a value") { value, _ in value }
    }

    /// A mapping read by a closure; unknown keys are mistakes.
    public static func object(
        _ subject: String, _ read: @escaping @Sendable (inout LocatedDecoder) -> Value?
    ) -> ValueForm {
        ValueForm(expected: subject, schema: .object(LocatedDecoder.keys(askedBy: read))) { value, diagnostics in
            var decoder = LocatedDecoder(value, as: subject)
            let result = read(&decoder)
            decoder.refuseUnknownKeys()
            diagnostics += decoder.diagnostics
            return decoder.diagnostics.contains { $0.severity == .error } ? nil : result
        }
    }

    /// A list of values of one form; every wrong element is a mistake of its own.
    public static func list<Element>(of form: ValueForm<Element>) -> ValueForm where Value == [Element] {
        ValueForm(expected: "a list", schema: .list(of: form.schema)) { value, diagnostics in
            guard let elements = value.elements else {
                diagnostics.append(
                    Diagnostic(
                        "unusable value", at: value.location, found: value.foundText,
                        expected: "a list, each \(form.expected)"))
                return nil
            }
            let read = elements.compactMap { form.read($0, &diagnostics) }
            return read.count == elements.count ? read : nil
        }
    }

    /// One value of a form, or a list of them.
    public static func oneOrMore<Element>(of form: ValueForm<Element>) -> ValueForm where Value == [Element] {
        ValueForm(
            expected: "\(form.expected), or a list of them", schema: .any(of: [form.schema, .list(of: form.schema)])
        ) { value, diagnostics in
            if value.elements != nil { return ValueForm.list(of: form).read(value, &diagnostics) }
            return form.read(value, &diagnostics).map { [$0] }
        }
    }

    /// A mapping of any keys to values of one form.
    public static func dictionary<Element>(of form: ValueForm<Element>) -> ValueForm where Value == [String: Element] {
        ValueForm(expected: "a mapping", schema: .object([], rest: form.schema)) { value, diagnostics in
            guard let mapping = value.mapping else {
                diagnostics.append(
                    Diagnostic("unusable value", at: value.location, found: value.foundText, expected: "a mapping"))
                return nil
            }
            var result: [String: Element] = [:]
            for entry in mapping.entries { result[entry.key] = form.read(entry.value, &diagnostics) }
            return result.count == mapping.entries.count ? result : nil
        }
    }
}

extension ValueForm<VariableMapping> {
    /// Variables: a mapping of names to anything.
    public static var variables: ValueForm {
        ValueForm(
            expected: "a mapping of names to values", schema: ValueSchema(["type": "object"])
        ) { value, diagnostics in
            if let mapping = value.mapping { return mapping.values }
            diagnostics.append(
                Diagnostic(
                    "unusable value", at: value.location, found: value.foundText,
                    expected: "a mapping of names to values"))
            return nil
        }
    }
}

extension ValueForm<LabelSelector> {
    /// Kubernetes' selector text (`app=web,tier in (a, b),!legacy`), a mapping of labels, or `matchLabels` and
    /// `matchExpressions`.
    public static var labelSelector: ValueForm {
        ValueForm(
            expected: "a label selector such as app=web", schema: ValueSchema(["type": ["string", "object"]])
        ) { value, diagnostics in
            if let mapping = value.mapping { return LabelSelector(mapping: mapping, &diagnostics) }
            if let text = value.scalar?.text, let selector = LabelSelector(text: text) { return selector }
            diagnostics.append(
                Diagnostic(
                    "unusable selector", at: value.location, found: value.foundText,
                    expected: "a label selector such as app=web,tier!=db"))
            return nil
        }
    }
}

extension ValueForm<ObjectKey> {
    /// `namespace/name`.
    public static var objectKey: ValueForm {
        .scalar("namespace/name", schema: .text(pattern: "^[^/]+/[^/]+$")) { scalar in
            let parts = scalar.text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
            return ObjectKey(String(parts[0]), String(parts[1]))
        }
    }
}
