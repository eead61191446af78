import FleetModel

/// The words behind `is` and `is not`.
enum ValueTest: String, CaseIterable {
    case defined, undefined, none, string, number, boolean, mapping, sequence
    /// `x is version("1.36", ">=")`.
    case version
    /// `x is match("web-[0-9]+")`: from the beginning; `search` finds it anywhere.
    case match, search
    /// `step is changed`, `step is skipped`: of what a step registered.
    case changed, skipped

    var argumentCount: ClosedRange<Int> {
        switch self {
        case .version: 1...2
        case .match, .search: 1...1
        default: 0...0
        }
    }

    /// Whether it is a mistake to ask it of an undefined value.
    var needsValue: Bool { [.version, .match, .search, .changed, .skipped].contains(self) }

    /// How it is written, for messages.
    var usage: String {
        switch self {
        case .version: "is version(\"1.36\", \">=\")"
        case .match, .search: "is \(rawValue)(\"web-[0-9]+\")"
        default: "is \(rawValue)"
        }
    }

    /// Whether a value passes; nil stands for an undefined one.
    ///
    /// Throws, in words, what makes the question meaningless.
    func holds(_ value: VariableValue?, _ arguments: [VariableValue]) throws(Misuse) -> Bool {
        switch self {
        case .version: return try VersionText.holds(value, arguments)
        case .match, .search: return try matches(value, arguments)
        case .changed, .skipped:
            guard case .bool(let flag)? = value?.mappingValue?[rawValue] else {
                throw Misuse("needs what a step registered", found: value)
            }
            return flag
        default: return isKind(of: value)
        }
    }

    private func isKind(of value: VariableValue?) -> Bool {
        switch (self, value) {
        case (.defined, .some), (.undefined, nil), (.none, .null), (.string, .string): true
        case (.number, .int), (.number, .float), (.boolean, .bool), (.mapping, .mapping), (.sequence, .list): true
        default: false
        }
    }

    private func matches(_ value: VariableValue?, _ arguments: [VariableValue]) throws(Misuse) -> Bool {
        guard let text = value?.scalarText else { throw Misuse("needs a string", found: value) }
        guard let pattern = arguments.first?.stringValue, let regex = try? Regex(pattern) else {
            throw Misuse("needs a regular expression", found: arguments.first)
        }
        let found = self == .match ? text.prefixMatch(of: regex) != nil : text.contains(regex)
        return found
    }

    /// Why a test cannot be asked of a value.
    struct Misuse: Error {
        var words: String
        var found: String?

        init(_ words: String, found: VariableValue?) {
            self.words = words
            self.found = found.map { $0.stringValue.map { "\"\($0)\"" } ?? $0.kindName }
        }
    }
}
