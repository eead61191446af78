/// Reads a mapping key by key and collects every mistake, so that an operator sees all of them at once.
///
///     let policy = decoder.optional("waves", .object("a wave policy") { waves in
///         WavePolicy(size: waves.optional("size", .countOrPercent) ?? .percent(10))
///     })
///
/// Keys that nobody asked for are mistakes, with the key that was probably meant.
public struct LocatedDecoder: Sendable {
    /// What is being read, such as `a wave policy`; for messages.
    public let subject: String
    /// Where it begins.
    public let location: SourceLocation
    /// The mistakes so far.
    public private(set) var diagnostics: [Diagnostic] = []
    private let entries: [LocatedMapping.Entry]
    private let isReadable: Bool
    private var asked: [String] = []
    /// What was asked for, where nothing is read but a reader's wishes are written down.
    private var wishes: [ValueSchema.Key]?

    /// Begins to read a value as a mapping; nothing at all counts as an empty one, anything else is a mistake.
    public init(_ value: LocatedValue, as subject: String) {
        self.subject = subject
        location = value.location
        entries = value.mapping?.entries ?? []
        isReadable = value.mapping != nil || value.isNull
        if !isReadable { report("this must be \(subject)", found: value, expected: "a mapping") }
    }

    /// A decoder that has nothing to read, and writes down what it is asked for.
    private init(recording location: SourceLocation) {
        subject = ""
        self.location = location
        entries = []
        isReadable = false
        wishes = []
    }

    /// The keys that a reader asks for, and what it accepts; for schemas.
    ///
    /// A reader must ask for all its keys before it gives up for want of one, which it should anyway: what it never
    /// asked for would be an unknown key.
    public static func keys<Value>(askedBy read: (inout LocatedDecoder) -> Value?) -> [ValueSchema.Key] {
        var decoder = LocatedDecoder(recording: SourceLocation(file: "schema"))
        _ = read(&decoder)
        return decoder.wishes ?? []
    }

    /// Reads a value as a mapping with a closure, and throws all its mistakes at once.
    public static func decode<Value>(
        _ value: LocatedValue, as subject: String, _ read: (inout LocatedDecoder) -> Value?
    ) throws(Diagnostics) -> Value {
        var decoder = LocatedDecoder(value, as: subject)
        let result = read(&decoder)
        decoder.refuseUnknownKeys()
        if let failure = Diagnostics(decoder.diagnostics) { throw failure }
        guard let result else { throw Diagnostics(Diagnostic("this is not \(subject)", at: value.location)) }
        return result
    }

    /// The keys that are there, in order; asking for them does not make them known.
    public var keys: [String] { entries.map(\.key) }

    /// The place of a key, or the mapping's own when it is absent.
    public func location(ofKey key: String) -> SourceLocation {
        entries.first { $0.key == key }?.keyLocation ?? location
    }

    /// The value of a key in a form; nil, and a mistake, when it is absent or has another form.
    public mutating func required<Value>(_ key: String, _ form: ValueForm<Value>) -> Value? {
        asked.append(key)
        if wishes != nil { wishes?.append(ValueSchema.Key(key, isRequired: true, form.schema)) }
        guard let entry = entries.first(where: { $0.key == key }) else {
            if isReadable {
                diagnostics.append(
                    Diagnostic("\(subject) needs \"\(key)\"", at: location, expected: form.expected))
            }
            return nil
        }
        return form.read(entry.value, &diagnostics)
    }

    /// The value of a key in a form; nil when it is absent or empty, and a mistake when it has another form.
    public mutating func optional<Value>(_ key: String, _ form: ValueForm<Value>) -> Value? {
        asked.append(key)
        if wishes != nil { wishes?.append(ValueSchema.Key(key, form.schema)) }
        guard let entry = entries.first(where: { $0.key == key }), !entry.value.isNull else { return nil }
        return form.read(entry.value, &diagnostics)
    }

    /// Adds a mistake that only the reader can see, such as two keys that exclude each other.
    public mutating func report(
        _ message: String, at place: SourceLocation? = nil, expected: String? = nil, suggestion: String? = nil
    ) {
        diagnostics.append(Diagnostic(message, at: place ?? location, expected: expected, suggestion: suggestion))
    }

    /// Adds other readers' mistakes.
    public mutating func report(_ others: [Diagnostic]) { diagnostics += others }

    /// Makes a mistake of every key that was not asked for.
    ///
    /// `decode` and `ValueForm.object` call it themselves.
    public mutating func refuseUnknownKeys() {
        for entry in entries where !asked.contains(entry.key) {
            let near = Suggestion.sentence(for: entry.key, among: asked)
            let known = asked.isEmpty ? "no keys" : "one of " + asked.joined(separator: ", ")
            diagnostics.append(
                Diagnostic(
                    "\(subject) has no key \"\(entry.key)\"", at: entry.keyLocation, expected: known,
                    suggestion: near))
        }
    }

    private mutating func report(_ message: String, found value: LocatedValue, expected: String) {
        diagnostics.append(
            Diagnostic(message, at: value.location, found: value.foundText, expected: expected))
    }
}
