/// Follows a script through a shell's quoting, only as far as to know whether one quoted word may stand at a place.
///
/// Where it is in doubt it refuses: the mend (`env:`) always exists.
struct ShellScanner {
    private enum Context: Equatable {
        case command, substitution, arithmetic, bracketArithmetic, parameter, test
        case single, ansi, double, backtick, comment
    }

    private struct HereDocument {
        var delimiter: String
        var stripsTabs: Bool
    }

    private var contexts: [Context] = [.command]
    /// Open parentheses of each context.
    private var parentheses = [0]
    private var hereDocuments: [HereDocument] = []
    private var isInHereDocument = false
    private var line = ""
    /// The present word without its quotes, and the finished words of the present command.
    private var word = ""
    private var isInWord = false
    private var words: [String] = []
    private var isEscaped = false
    private var previous: Character?
    private var characters: [Character] = []
    private var index = 0

    // MARK: - Templates

    /// Why a template may not stand here, such as `inside double quotes`; nil where it may.
    var refusal: String? {
        if isInHereDocument { return "in a here-document" }
        for context in contexts.reversed() {
            if let place = Self.place(context) { return place }
        }
        if isEscaped { return "behind a backslash" }
        if previous == "$" { return "behind a dollar sign" }
        if word.hasSuffix("<<") && !word.hasSuffix("<<<") { return "as a here-document's delimiter" }
        return refusalByCommand
    }

    /// A template stands here: it is a part of the present word.
    mutating func readTemplate() {
        word += "?"
        isInWord = true
        isEscaped = false
        previous = "?"
    }

    private static func place(_ context: Context) -> String? {
        switch context {
        case .command: nil
        case .substitution: "inside $( )"
        case .arithmetic: "inside (( ))"
        case .bracketArithmetic: "inside $[ ]"
        case .parameter: "inside ${ }"
        case .test: "inside [[ ]]"
        case .single, .ansi: "inside single quotes"
        case .double: "inside double quotes"
        case .backtick: "inside backticks"
        case .comment: "in a comment"
        }
    }

    private static let evaluating: Set<String> = ["eval", "let", "trap", "declare", "typeset", "unset"]
    private static let shells: Set<String> = ["sh", "bash", "dash", "ash", "ksh", "zsh", "su", "runuser"]

    /// Commands that read their arguments as shell code once more.
    private var refusalByCommand: String? {
        let names = words.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
        let command = names.first { !Self.prefixes.contains($0) && !$0.contains("=") }
        if let command, Self.evaluating.contains(command) { return "as an argument of \(command)" }
        if command == "ssh", isBehindSSHHost(names) { return "in a command for ssh" }
        guard let shell = names.first(where: { Self.shells.contains($0) }), let option = words.last else { return nil }
        let isCode = option.hasPrefix("-") && !option.hasPrefix("--") && option.hasSuffix("c")
        return isCode || option == "--command" ? "as code for \(shell) -c" : nil
    }

    /// ssh joins the words behind the host's name, and the shell over there reads them anew.
    private func isBehindSSHHost(_ names: [String]) -> Bool {
        var arguments = names.drop { $0 != "ssh" }.dropFirst()
        while let argument = arguments.popFirst() {
            guard argument.hasPrefix("-"), argument != "--" else { return argument != "--" || !arguments.isEmpty }
            if argument.count == 2, let letter = argument.last, "BbcDEeFIiJLlmOoPpQRSWw".contains(letter) {
                arguments = arguments.dropFirst()
            }
        }
        return false
    }

    // MARK: - Text

    /// Goes on through text between templates.
    mutating func read(_ text: Substring) {
        // By scalars, as the shell reads: a quote before a combining mark would be a Character that is none.
        characters = text.unicodeScalars.map(Character.init)
        index = 0
        while index < characters.count {
            let character = characters[index]
            step(character)
            previous = character
            index += 1
        }
    }

    private mutating func step(_ character: Character) {
        if isInHereDocument { return readHereDocument(character) }
        if isEscaped {
            isEscaped = false
            if character != "\n" { append(character) }
            return
        }
        switch contexts.last ?? .command {
        case .single: if character == "'" { close() }
        case .ansi: readAnsi(character)
        case .comment: if character == "\n" { close(); separate(character) }
        case .double: readDouble(character)
        case .backtick: readBacktick(character)
        case .parameter: readParameter(character)
        case .bracketArithmetic: if character == "]" { close() }
        case .command, .substitution, .arithmetic, .test: readCommand(character)
        }
    }

    private mutating func readAnsi(_ character: Character) {
        if character == "\\" { isEscaped = true } else if character == "'" { close() }
    }

    private mutating func readDouble(_ character: Character) {
        switch character {
        case "\\": isEscaped = true
        case "\"": close()
        case "`": open(.backtick)
        case "$": readDollar()
        default: append(character)
        }
    }

    private mutating func readBacktick(_ character: Character) {
        if character == "\\" { isEscaped = true } else if character == "`" { close() }
    }

    private mutating func readParameter(_ character: Character) {
        switch character {
        case "\\": isEscaped = true
        case "}": close()
        case "'": open(.single)
        case "\"": open(.double)
        case "`": open(.backtick)
        case "$": readDollar()
        default: break
        }
    }

    private mutating func readCommand(_ character: Character) {
        switch character {
        case "\\": isEscaped = true
        case "'": open(.single)
        case "\"": open(.double)
        case "`": open(.backtick)
        case "$": readDollar()
        case "#" where !isInWord: open(.comment)
        case "(": openParenthesis()
        case ")": closeParenthesis()
        case "<": readLess()
        case ">": endWord()
        case " ", "\t", "\n", ";", "&", "|": separate(character)
        default: append(character)
        }
    }

    private mutating func append(_ character: Character) {
        word.append(character)
        isInWord = true
    }

    // MARK: - Words

    private static let prefixes: Set<String> = [
        "if", "then", "else", "elif", "do", "while", "until", "!", "{", "time", "exec", "command", "sudo", "doas",
        "env",
    ]

    private mutating func separate(_ character: Character) {
        endWord()
        if character != " ", character != "\t" { words = [] }
        if character == "\n", !hereDocuments.isEmpty {
            isInHereDocument = true
            line = ""
        }
    }

    private mutating func endWord() {
        defer {
            word = ""
            isInWord = false
        }
        guard isInWord else { return }
        if word == "]]", contexts.last == .test { return close() }
        if word == "[[", words.allSatisfy(Self.prefixes.contains) { open(.test) }
        words.append(word)
    }

    // MARK: - Openings

    private mutating func open(_ context: Context) {
        contexts.append(context)
        parentheses.append(0)
        if context != .comment { isInWord = true }
    }

    private mutating func close() {
        guard contexts.count > 1 else { return }
        contexts.removeLast()
        parentheses.removeLast()
    }

    private func looksAt(_ text: String) -> Bool { characters[(index + 1)...].starts(with: text) }

    private mutating func readDollar() {
        isInWord = true
        if looksAt("((") {
            index += 2
            open(.arithmetic)
        } else if looksAt("(") {
            index += 1
            open(.substitution)
        } else if looksAt("{") {
            index += 1
            open(.parameter)
        } else if looksAt("["), contexts.last != .test {
            index += 1
            open(.bracketArithmetic)
        } else if looksAt("'"), contexts.last != .double {
            index += 1
            open(.ansi)
        } else {
            append("$")
        }
    }

    private mutating func openParenthesis() {
        if looksAt("("), !isInWord, contexts.last != .arithmetic {
            index += 1
            open(.arithmetic)
            return
        }
        if previous == "<" || previous == ">" { return open(.substitution) }
        separate(";")
        parentheses[parentheses.count - 1] += 1
    }

    private mutating func closeParenthesis() {
        if contexts.last != .arithmetic { separate(";") }
        if parentheses[parentheses.count - 1] > 0 {
            parentheses[parentheses.count - 1] -= 1
        } else if contexts.last == .substitution {
            close()
        } else if contexts.last == .arithmetic {
            if looksAt(")") { index += 1 }
            close()
        }
    }

    // MARK: - Here-documents

    private mutating func readLess() {
        endWord()
        guard contexts.last != .arithmetic, looksAt("<") else { return }
        if looksAt("<<") {
            index += 2
            return
        }
        index += 1
        let stripsTabs = looksAt("-")
        if stripsTabs { index += 1 }
        guard let delimiter = takeDelimiter() else {
            word = "<<"
            isInWord = true
            return
        }
        hereDocuments.append(HereDocument(delimiter: delimiter, stripsTabs: stripsTabs))
    }

    private mutating func takeDelimiter() -> String? {
        var delimiter = ""
        var next = index + 1
        while next < characters.count, characters[next] == " " || characters[next] == "\t" { next += 1 }
        while next < characters.count, !" \t\n;&|<>()".contains(characters[next]) {
            if !"'\"\\".contains(characters[next]) { delimiter.append(characters[next]) }
            next += 1
        }
        guard !delimiter.isEmpty else { return nil }
        index = next - 1
        return delimiter
    }

    private mutating func readHereDocument(_ character: Character) {
        guard character == "\n" else {
            line.append(character)
            return
        }
        guard let document = hereDocuments.first else { return }
        let text = document.stripsTabs ? String(line.drop { $0 == "\t" }) : line
        line = ""
        if text == document.delimiter { hereDocuments.removeFirst() }
        isInHereDocument = !hereDocuments.isEmpty
    }
}
