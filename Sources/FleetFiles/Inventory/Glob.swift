/// A shell pattern as Python's `fnmatch` reads it: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`; letters' case counts.
struct Glob {
    private enum Part {
        case character(Character)
        case any
        case anything
        case set([ClosedRange<Character>], isNegated: Bool)
    }

    private let parts: [Part]

    init(_ pattern: String) {
        var rest = Substring(pattern)
        var parts: [Part] = []
        while let character = rest.popFirst() {
            switch character {
            case "*": parts.append(.anything)
            case "?": parts.append(.any)
            case "[": parts.append(Self.set(&rest))
            default: parts.append(.character(character))
            }
        }
        self.parts = parts
    }

    /// A bracket without an end is a bracket.
    private static func set(_ rest: inout Substring) -> Part {
        let isNegated = rest.first == "!"
        let body = isNegated ? rest.dropFirst() : rest
        guard let first = body.first else { return .character("[") }
        let search = body.dropFirst()
        guard let end = search.firstIndex(of: "]") else { return .character("[") }
        let members = [first] + search[..<end]
        rest = search[search.index(after: end)...]
        return .set(ranges(members), isNegated: isNegated)
    }

    private static func ranges(_ members: [Character]) -> [ClosedRange<Character>] {
        var ranges: [ClosedRange<Character>] = []
        var index = 0
        while index < members.count {
            if index + 2 < members.count, members[index + 1] == "-" {
                if members[index] <= members[index + 2] { ranges.append(members[index]...members[index + 2]) }
                index += 3
            } else {
                ranges.append(members[index]...members[index])
                index += 1
            }
        }
        return ranges
    }

    /// Whether the whole text fits.
    ///
    /// Linear in the pattern for each star: only the last star is ever retried.
    func matches(_ text: String) -> Bool {
        let characters = Array(text)
        var (part, index) = (0, 0)
        var retry: (part: Int, index: Int)?
        while index < characters.count {
            if part < parts.count, case .anything = parts[part] {
                retry = (part + 1, index)
                part += 1
            } else if part < parts.count, fits(parts[part], characters[index]) {
                part += 1
                index += 1
            } else if let last = retry {
                retry = (last.part, last.index + 1)
                (part, index) = (last.part, last.index + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { if case .anything = $0 { true } else { false } }
    }

    private func fits(_ part: Part, _ character: Character) -> Bool {
        switch part {
        case .character(let expected): expected == character
        case .any, .anything: true
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(character) } != isNegated
        }
    }
}
