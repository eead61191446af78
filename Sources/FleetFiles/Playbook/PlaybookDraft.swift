public import FleetExpressions
public import FleetModel

/// As much of a playbook as can be read, and every mistake in it: for checks that do not stop at the first.
public struct PlaybookDraft: Sendable {
    /// Everything above the steps; nil where it lacks what it must have.
    public private(set) var header: PlaybookHeader?
    /// The checks of `preflight`.
    public private(set) var preflight: [PlaybookCheck] = []
    /// The checks of `health`.
    public private(set) var health: [PlaybookCheck] = []
    /// The entries of `notify`.
    public private(set) var notify: [PlaybookCheck] = []
    /// The steps that can be read, included ones in their places.
    public private(set) var steps: [PlaybookStep] = []
    /// The same of `bring_in`.
    public private(set) var incoming: [PlaybookStep] = []
    /// Where keys of the header stand, by path such as `waves.size`.
    public private(set) var places: [String: SourceLocation] = [:]
    /// The other files that it is made of, as they are named in the tree, each once.
    public private(set) var included: [String] = []
    /// What is wrong with it.
    public private(set) var mistakes: [Diagnostic] = []

    /// Reads a playbook; the files that it includes come from the tree, relative to the file that names them.
    public init(yaml text: String, file: String, in tree: (any FileTree)? = nil) {
        let document: LocatedValue
        do throws(Diagnostics) {
            document = try YAMLReader.read(text, file: file)
        } catch {
            mistakes = error.all
            return
        }
        var decoder = LocatedDecoder(document, as: "a playbook")
        read(&decoder)
        decoder.refuseUnknownKeys()
        mistakes += decoder.diagnostics
        places = Self.places(document, below: "")
        include(from: file, tree)
    }

    /// Reads a playbook file of a tree.
    public init(file: String, in tree: any FileTree) {
        do throws(Diagnostic) {
            self.init(yaml: try TextFile.read(file, in: tree), file: file, in: tree)
        } catch {
            self.init(unreadable: error)
        }
    }

    private init(unreadable mistake: Diagnostic? = nil) { mistakes = mistake.map { [$0] } ?? [] }

    /// What a playbook may be, without its steps and checks: those are to be defined as `step`, `check`, `health_check`
    /// and `notifier` beside it.
    public static var schema: ValueSchema {
        .object(
            LocatedDecoder.keys { decoder in
                var draft = PlaybookDraft()
                draft.read(&decoder)
                return draft
            })
    }

    /// What may stand beside the kind of a step.
    public static var stepModifiers: [ValueSchema.Key] {
        ValueForm<PlaybookStep>.modifiers.map { ValueSchema.Key($0.name, $0.schema) }
    }

    /// The kind of step that stands for the steps of another file.
    public static var include: ValueSchema.Key {
        ValueSchema.Key(StepIncludes.kind, .text("The steps of another file: its path, relative to this one."))
    }

    private mutating func read(_ decoder: inout LocatedDecoder) {
        header = PlaybookHeader(decoding: &decoder)
        preflight = decoder.optional("preflight", .list(of: .check)) ?? []
        health = decoder.optional("health", .oneOrMore(of: .healthCheck)) ?? []
        notify = decoder.optional("notify", .oneOrMore(of: .notifier)) ?? []
        incoming = decoder.optional("bring_in", .steps) ?? []
        let mistakes = decoder.diagnostics.count
        let steps = decoder.required("steps", .steps)
        self.steps = steps ?? []
        if steps?.isEmpty == true, decoder.diagnostics.count == mistakes {
            decoder.report("the playbook has no steps", at: decoder.location(ofKey: "steps"))
        }
        let hasIncoming = decoder.keys.contains("bring_in")
        if (header?.spares == nil) == hasIncoming, header != nil {
            decoder.report(
                "replace_with and bring_in go together",
                at: decoder.location(ofKey: hasIncoming ? "bring_in" : "replace_with"),
                suggestion: "replace_with says which hosts come in, bring_in what is done to each of them")
        }
    }

    private mutating func include(from file: String, _ tree: (any FileTree)?) {
        var includes = StepIncludes(tree: tree)
        incoming = includes.expand(incoming, of: file)
        steps = includes.expand(steps, of: file)
        included = includes.files
        mistakes += includes.mistakes
    }

    private static func places(_ value: LocatedValue, below path: String) -> [String: SourceLocation] {
        var places: [String: SourceLocation] = [:]
        for entry in value.mapping?.entries ?? [] where path.isEmpty || path != "steps" && path != "bring_in" {
            let name = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            places[name] = entry.keyLocation
            if path.isEmpty { places.merge(Self.places(entry.value, below: name)) { first, _ in first } }
        }
        return places
    }
}
