/// A word of an expression.
struct ExpressionToken: Equatable {
    enum Kind: Equatable {
        case name(String)
        case string(String)
        case int(Int)
        case float(Double)
        case symbol(String)
        case end
    }

    var kind: Kind
    var start: String.Index
    var end: String.Index
}

/// Cuts an expression into words; stops at the text's end or at `}}`.
struct ExpressionLexer {
    private let scalar: LocatedScalar
    private let text: String
    private(set) var position: String.Index

    init(_ scalar: LocatedScalar, from start: String.Index) {
        self.scalar = scalar
        text = scalar.text
        position = start
    }

    private static let symbols = [
        "==", "!=", "<=", ">=", "//", "<", ">", "+", "-", "~", "*", "/", "%", "(", ")", "[", "]", ",", ".", "|",
    ]

    mutating func next() throws(Diagnostic) -> ExpressionToken {
        while position < text.endIndex, text[position].isWhitespace { position = text.index(after: position) }
        let start = position
        guard position < text.endIndex, !text[position...].hasPrefix("}}") else { return token(.end, from: start) }
        let character = text[position]
        if character == "\"" || character == "'" { return try string(from: start, quote: character) }
        if character.isASCII, character.isNumber { return try number(from: start) }
        if character == "_" || character.isLetter {
            return token(.name(take { $0 == "_" || $0.isLetter || $0.isNumber }), from: start)
        }
        guard let symbol = Self.symbols.first(where: { text[start...].hasPrefix($0) }) else {
            throw Diagnostic("unexpected \"\(character)\" in an expression", at: scalar.location(of: start))
        }
        position = text.index(position, offsetBy: symbol.count)
        return token(.symbol(symbol), from: start)
    }

    private func token(_ kind: ExpressionToken.Kind, from start: String.Index) -> ExpressionToken {
        ExpressionToken(kind: kind, start: start, end: position)
    }

    private mutating func take(while belongs: (Character) -> Bool) -> String {
        let taken = text[position...].prefix(while: belongs)
        position = taken.endIndex
        return String(taken)
    }

    private mutating func number(from start: String.Index) throws(Diagnostic) -> ExpressionToken {
        var digits = take { $0.isASCII && $0.isNumber }
        let rest = text[position...]
        if rest.first == ".", rest.dropFirst().first.map({ $0.isASCII && $0.isNumber }) ?? false {
            position = text.index(after: position)
            digits += "." + take { $0.isASCII && $0.isNumber }
        }
        if let number = Int(digits) { return token(.int(number), from: start) }
        guard let number = Double(digits) else {
            throw Diagnostic("unusable number", at: scalar.location(of: start), found: "\"\(digits)\"")
        }
        return token(.float(number), from: start)
    }

    private mutating func string(from start: String.Index, quote: Character) throws(Diagnostic) -> ExpressionToken {
        var value = ""
        position = text.index(after: position)
        while position < text.endIndex, text[position] != quote {
            let isEscaped = text[position] == "\\"
            if isEscaped { position = text.index(after: position) }
            guard position < text.endIndex else { break }
            value.append(isEscaped ? Self.escapes[text[position]] ?? text[position] : text[position])
            position = text.index(after: position)
        }
        guard position < text.endIndex else {
            throw Diagnostic("a string has no closing \(quote)", at: scalar.location(of: start))
        }
        position = text.index(after: position)
        return token(.string(value), from: start)
    }

    private static let escapes: [Character: Character] = ["n": "\n", "t": "\t", "r": "\r"]
}
