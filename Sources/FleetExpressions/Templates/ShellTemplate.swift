import FleetModel

/// A script with `{{ }}` in it (safety rule 26).
///
/// A bare template becomes one quoted word, whatever the value. Inside quotes, backticks, `$( )`, comments and
/// here-documents a template is a mistake when the playbook is read: there the value goes into `env:`, and the script
/// says `"$NAME"`. `{{ x | raw }}` pastes the value as it is, because somebody asked for it.
public struct ShellTemplate: Hashable, Sendable {
    private enum Piece: Hashable, Sendable {
        case text(String)
        case quoted(Expression)
        case raw(Expression)
    }

    private let pieces: [Piece]

    /// Reads a script; every misplaced template is a mistake of its own.
    public init(parsing scalar: LocatedScalar) throws(Diagnostics) {
        var pieces: [Piece] = []
        var mistakes: [Diagnostic] = []
        do throws(Diagnostic) {
            var scanner = TemplateScanner(scalar, hasComments: false)
            var shell = ShellScanner()
            while let part = try scanner.next() {
                switch part {
                case .text(let range):
                    shell.read(scalar.text[range])
                    pieces.append(.text(String(scalar.text[range])))
                case .expression(let expression, let start):
                    let piece = Self.piece(expression)
                    if case .quoted = piece, let place = shell.refusal {
                        mistakes.append(Self.misplaced(place, at: scalar.location(of: start)))
                    }
                    shell.readTemplate()
                    pieces.append(piece)
                }
            }
        } catch {
            mistakes.append(error)
        }
        if let failure = Diagnostics(mistakes) { throw failure }
        self.pieces = pieces
    }

    /// The variables that it names.
    public var names: Set<String> {
        pieces.reduce(into: []) { names, piece in
            switch piece {
            case .text: break
            case .quoted(let expression), .raw(let expression):
                names.formUnion(expression.references().map(\.name))
            }
        }
    }

    /// The script for a scope; undefined names and values without text are errors.
    public func script(in scope: VariableScope) throws(Diagnostic) -> String {
        let evaluator = Evaluator(scope: scope)
        var script = ""
        for piece in pieces {
            do {
                switch piece {
                case .text(let text): script += text
                case .raw(let expression): script += try evaluator.text(of: expression)
                case .quoted(let expression): script += try Self.word(evaluator.text(of: expression), expression)
                }
            } catch {
                throw error.diagnostic
            }
        }
        return script
    }

    /// `quote` and `raw` say themselves how the value is put in; anything else is quoted.
    private static func piece(_ expression: Expression) -> Piece {
        guard case .filter(let base, let name, _) = expression.node else { return .quoted(expression) }
        if name == Filter.raw.rawValue { return .raw(base) }
        return .quoted(expression)
    }

    private static func word(_ text: String, _ expression: Expression) throws(EvaluationFailure) -> String {
        if case .filter(_, Filter.quote.rawValue, _) = expression.node { return text }
        guard let word = ShellWord.quoted(text) else {
            throw .failed(Diagnostic("the value holds a NUL, which no shell word can", at: expression.location))
        }
        return word
    }

    private static func misplaced(_ place: String, at location: SourceLocation) -> Diagnostic {
        Diagnostic(
            "a template \(place) could become shell code", at: location,
            suggestion: "put the value into env: and write \"$NAME\" here, or ask for {{ … | raw }}")
    }
}

extension ValueForm<ShellTemplate> {
    /// A shell script that may hold `{{ }}`.
    public static var shellTemplate: ValueForm {
        ValueForm(expected: "a shell script", schema: .text()) { value, diagnostics in
            guard let scalar = value.scalar, scalar.value != .null, !scalar.isVaulted else {
                diagnostics.append(
                    Diagnostic("unusable value", at: value.location, found: value.foundText, expected: "a shell script")
                )
                return nil
            }
            do throws(Diagnostics) {
                return try ShellTemplate(parsing: scalar)
            } catch {
                diagnostics += error.all
                return nil
            }
        }
    }
}
