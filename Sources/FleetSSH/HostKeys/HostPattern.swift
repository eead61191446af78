/// A host name pattern with `*`, `?` and a leading `!`.
struct HostPattern: Hashable, Sendable {
    /// Whether a match excludes the host from the whole line.
    let isNegated: Bool
    private let characters: [Character]

    /// A pattern, lower-cased already.
    init(_ text: String) {
        isNegated = text.hasPrefix("!")
        characters = Array(isNegated ? text.dropFirst() : text[...])
    }

    /// Whether a name matches, whatever the negation.
    func matches(_ name: String) -> Bool {
        let name = Array(name)
        var (at, position) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while position < name.count {
            if at < characters.count, characters[at] == "*" {
                star = (at, position)
                at += 1
            } else if at < characters.count, characters[at] == "?" || characters[at] == name[position] {
                at += 1
                position += 1
            } else if let last = star {
                at = last.pattern + 1
                position = last.name + 1
                star = (last.pattern, position)
            } else {
                return false
            }
        }
        return characters[at...].allSatisfy { $0 == "*" }
    }
}
