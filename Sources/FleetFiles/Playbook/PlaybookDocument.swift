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
    /// Who is told what while a run goes on.
    public let notify: [PlaybookCheck]
    /// What is done to each node, in order.
    public let steps: [PlaybookStep]
    /// What is done to each host that comes in for a node; empty where nothing is replaced.
    public let incoming: [PlaybookStep]
    /// Where keys of the header stand, by path such as `waves.size`; for findings about them.
    public let places: [String: SourceLocation]
    /// The other files that it is made of.
    public let included: [String]

    /// Reads a playbook; throws every mistake at once.
    public init(yaml text: String, file: String) throws(Diagnostics) {
        try self.init(PlaybookDraft(yaml: text, file: file))
    }

    /// Reads a playbook file of a tree, and the files that it includes.
    public init(file: String, in tree: any FileTree) throws(Diagnostics) {
        try self.init(PlaybookDraft(file: file, in: tree))
    }

    /// A draft without mistakes; throws them all at once.
    public init(_ draft: PlaybookDraft) throws(Diagnostics) {
        if let failure = Diagnostics(draft.mistakes) { throw failure }
        guard let header = draft.header else {
            throw Diagnostics(Diagnostic("this is not a playbook", at: SourceLocation(file: "")))
        }
        self.header = header
        preflight = draft.preflight
        health = draft.health
        notify = draft.notify
        steps = draft.steps
        incoming = draft.incoming
        places = draft.places
        included = draft.included
    }
}
