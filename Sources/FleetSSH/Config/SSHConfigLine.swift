/// One line of an ssh_config, cut into words (ssh_config(5): blanks or one `=` behind the keyword, double quotes).
struct SSHConfigLine {
    /// A word and where it begins, from 1.
    struct Word: Hashable {
        var text: String
        var column: Int
    }

    /// Why a line cannot be cut.
    struct Broken: Error {
        var column: Int
        var message: String
    }

    /// The keyword; nil for an empty line or a comment.
    var keyword: Word?
    var arguments: [Word] = []

    init(_ text: some StringProtocol) throws(Broken) {
        var reader = Reader(text)
        reader.skipBlanks()
        guard let first = reader.peek, first != "#" else { return }
        let start = reader.column
        let name = reader.take { !$0.isBlank && $0 != "=" && $0 != "\"" }
        guard !name.isEmpty else { throw Broken(column: start, message: "a keyword was expected") }
        keyword = Word(text: name, column: start)
        reader.skipBlanks()
        if reader.peek == "=" { reader.advance() }
        while try readArgument(&reader) {}
    }

    private mutating func readArgument(_ reader: inout Reader) throws(Broken) -> Bool {
        reader.skipBlanks()
        guard let first = reader.peek, first != "#" else { return false }
        let start = reader.column
        var text = ""
        while let character = reader.peek, !character.isBlank {
            guard character == "\"" else {
                text.append(character)
                reader.advance()
                continue
            }
            reader.advance()
            text += reader.take { $0 != "\"" }
            guard reader.peek == "\"" else { throw Broken(column: start, message: "the quote is not closed") }
            reader.advance()
        }
        arguments.append(Word(text: text, column: start))
        return true
    }

    /// Characters with their column.
    private struct Reader {
        private let characters: [Character]
        private var place = 0

        init(_ text: some StringProtocol) { characters = Array(text) }

        var column: Int { place + 1 }
        var peek: Character? { place < characters.count ? characters[place] : nil }

        mutating func advance() { place += 1 }

        mutating func skipBlanks() { _ = take(while: \.isBlank) }

        mutating func take(while holds: (Character) -> Bool) -> String {
            let start = place
            while let character = peek, holds(character) { place += 1 }
            return String(characters[start..<place])
        }
    }
}

extension Character {
    fileprivate var isBlank: Bool { self == " " || self == "\t" || self == "\r" || self == "\u{0C}" }
}
