/// Splits a line into words as Python's `shlex.split(line, comments=True)` does.
enum ShellWords {
    /// A word, and how many characters stand before it.
    struct Word: Equatable {
        var text: String
        var offset: Int
    }

    /// The words; nil when a quote is not closed.
    static func split(_ line: String, comments: Bool = true) -> [Word]? {
        var words: [Word] = []
        var word: Word?
        var quote: Character?
        let characters = Array(line)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            defer { index += 1 }
            if let open = quote {
                if character == open {
                    quote = nil
                } else if character == "\\", open == "\"", index + 1 < characters.count,
                    "\"\\".contains(characters[index + 1])
                {
                    index += 1
                    word?.text.append(characters[index])
                } else {
                    word?.text.append(character)
                }
            } else if character == "#", comments {
                break
            } else if character.isWhitespace {
                if let finished = word { words.append(finished) }
                word = nil
            } else {
                word = word ?? Word(text: "", offset: index)
                if character == "'" || character == "\"" {
                    quote = character
                } else if character == "\\" {
                    guard index + 1 < characters.count else { return nil }
                    index += 1
                    word?.text.append(characters[index])
                } else {
                    word?.text.append(character)
                }
            }
        }
        guard quote == nil else { return nil }
        return words + [word].compactMap(\.self)
    }
}
