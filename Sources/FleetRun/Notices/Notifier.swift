public import FleetExpressions
public import FleetModel

/// What somebody may want to be told of while a run goes on.
public enum NoticeKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// The run cannot go on by itself.
    case blocked
    /// A node was set aside.
    case quarantined
    /// A wave is done.
    case waveDone = "wave_done"
    /// The run is over.
    case runDone = "run_done"
}

/// One entry of a playbook's `notify`: who is told, and of what.
///
/// A notice changes nothing and decides nothing: one that cannot be delivered is a warning.
public struct Notifier: Hashable, Sendable {
    /// How somebody is told: a command that finds the notice in its environment, or a request that carries it as JSON.
    public var act: LocalAct
    /// Of what.
    public var kinds: Set<NoticeKind>

    /// A notifier.
    public init(act: LocalAct, kinds: Set<NoticeKind> = Set(NoticeKind.allCases)) {
        self.act = act
        self.kinds = kinds
    }

    /// Reads a playbook's `notify`, and adds every mistake.
    public static func decode(_ entries: [PlaybookCheck], _ mistakes: inout [Diagnostic]) -> [Notifier] {
        entries.compactMap { decode($0, &mistakes) }
    }

    private static func decode(_ entry: PlaybookCheck, _ mistakes: inout [Diagnostic]) -> Notifier? {
        guard known.contains(entry.kind) else {
            mistakes.append(
                Diagnostic(
                    "nobody is told by \"\(entry.kind)\"", at: entry.location, expected: "http or command",
                    suggestion: Suggestion.sentence(for: entry.kind, among: known)))
            return nil
        }
        var decoder = LocatedDecoder(LocalForms.arguments(of: entry), as: entry.kind)
        let notifier = read(entry.kind, &decoder)
        decoder.refuseUnknownKeys()
        mistakes += decoder.diagnostics
        return notifier
    }

    /// What an entry may be, for editors.
    public static var schema: ValueSchema { LocalForms.schema(of: known, askedBy: read) }

    private static let known = ["http", "command"]

    private static func read(_ kind: String, _ arguments: inout LocatedDecoder) -> Notifier? {
        let kinds = arguments.optional("on", .oneOrMore(of: ValueForm<NoticeKind>.choice))
        let act: LocalAct? =
            kind == "command"
            ? LocalForms.command(&arguments).map(LocalAct.command)
            : LocalForms.request(&arguments, method: "POST").map(LocalAct.request)
        return act.map { Notifier(act: $0, kinds: Set(kinds ?? NoticeKind.allCases)) }
    }
}
