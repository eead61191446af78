public import FleetExpressions
public import FleetModel

/// A playbook as read from its file: the header's values, and checks and steps that decode themselves later.
public struct PlaybookDocument: Sendable {
    /// Everything above the steps.
    public let header: PlaybookHeader
    /// What must be true before anything is touched.
    public let preflight: [PlaybookCheck]
    /// What must be true after each wave, besides its nodes being Ready.
    public let health: [PlaybookCheck]
    /// What is done to each node, in order.
    public let steps: [PlaybookStep]
    /// What is done to each host that comes in for a node; empty where nothing is replaced.
    public let incoming: [PlaybookStep]
    /// Where keys of the header stand, by path such as `waves.size`; for findings about them.
    public let places: [String: SourceLocation]

    /// Reads a playbook; throws every mistake at once.
    public init(yaml text: String, file: String) throws(Diagnostics) {
        let document = try YAMLReader.read(text, file: file)
        self = try LocatedDecoder.decode(document, as: "a playbook") { PlaybookDocument(&$0, document) }
    }

    /// Reads a playbook file of a tree.
    public init(file: String, in tree: any FileTree) throws(Diagnostics) {
        let text: String
        do throws(Diagnostic) {
            text = try TextFile.read(file, in: tree)
        } catch {
            throw Diagnostics(error)
        }
        try self.init(yaml: text, file: file)
    }

    private init?(_ decoder: inout LocatedDecoder, _ document: LocatedValue) {
        let header = PlaybookHeader(decoding: &decoder)
        let preflight = decoder.optional("preflight", .list(of: .check)) ?? []
        let health = decoder.optional("health", .oneOrMore(of: .check)) ?? []
        let incoming = decoder.optional("bring_in", .list(of: .step)) ?? []
        let steps = decoder.required("steps", .list(of: .step))
        if (header?.spares == nil) != incoming.isEmpty, header != nil {
            decoder.report(
                "replace_with and bring_in go together", at: decoder.location(ofKey: incoming.isEmpty ? "replace_with" : "bring_in"),
                suggestion: "replace_with says which hosts come in, bring_in what is done to each of them")
        }
        guard let header, let steps else { return nil }
        if steps.isEmpty { decoder.report("the playbook has no steps", at: decoder.location(ofKey: "steps")) }
        self.header = header
        self.preflight = preflight
        self.health = health
        self.steps = steps
        self.incoming = incoming
        places = Self.places(document, below: "")
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
