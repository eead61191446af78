import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun

/// A playbook with its steps decoded, and its content's digest.
struct LoadedPlaybook: Sendable {
    var document: PlaybookDocument
    var steps: [PlannedStep]
    var checks: PlaybookChecks
    /// What must be as well after each wave as it was at the start.
    var health: [HealthCheck]
    /// Who is told what while a run goes on.
    var notifiers: [Notifier]
    var path: String
    var digest: String
    /// The files that steps upload, by the name in the playbook; their contents are part of the digest.
    var files: [String: [LocalFile]] = [:]

    var header: PlaybookHeader { document.header }
    /// What planning must know of the steps.
    var summaries: [StepSummary] { steps.map(\.summary) }

    /// Variables that steps name and nobody defines, for some of the hosts that they are for.
    func undefinedVariables(hosts: [Host], spares: [Host], extra: VariableMapping) -> [Diagnostic] {
        let subject = { (host: Host, isNewcomer: Bool) in
            UndefinedVariables.Subject(
                name: host.name.rawValue, scope: VariableScope(host: host, playbook: header.variables, extra: extra),
                isNewcomer: header.spares == nil ? nil : isNewcomer)
        }
        let subjects = hosts.map { subject($0, false) } + spares.map { subject($0, true) }
        return UndefinedVariables.mistakes(in: steps, on: subjects)
    }

    /// Reads a playbook by name or path; throws every mistake at once.
    static func load(_ name: String, files: any FileTree = DiskFileTree()) throws -> LoadedPlaybook {
        let path = try Paths.playbook(name)
        let draft = PlaybookDraft(file: path, in: files)
        var mistakes = draft.mistakes
        let steps = decode(draft, &mistakes)
        let checks = PlaybookChecks(draft.preflight, &mistakes)
        let health = HealthCheck.decode(draft.health, &mistakes)
        let notifiers = Notifier.decode(draft.notify, &mistakes)
        mistakes += TimeZones.mistakes(of: draft)
        let uploads = LocalFiles(beside: path, in: files).uploads(of: steps, &mistakes)
        if let failure = Diagnostics(mistakes) { throw failure }
        var digest = ContentDigest()
        for file in [path] + draft.included { digest.update(try files.contents(of: file)) }
        for name in uploads.keys.sorted() {
            for file in uploads[name] ?? [] { digest.update("\(file.name) \(file.sha256)\n".utf8) }
        }
        return LoadedPlaybook(
            document: try PlaybookDocument(draft), steps: steps, checks: checks, health: health, notifiers: notifiers,
            path: path, digest: digest.hexadecimal, files: uploads)
    }

    /// The steps of hosts that come in, then those of nodes that leave; mistakes in either.
    private static func decode(_ draft: PlaybookDraft, _ mistakes: inout [Diagnostic]) -> [PlannedStep] {
        let isReplacement = draft.header?.spares != nil
        let groups = [(draft.incoming, true), (draft.steps, false)].map { steps, isForNewcomers in
            StepCatalogue.decode(steps, &mistakes).map { step in
                var step = step
                step.isForNewcomers = isReplacement ? isForNewcomers : nil
                return step
            }
        }
        let steps = Array(groups.joined()).cordoningBeforeDrains
        return draft.header?.isForControlPlane == true ? steps.guardingEtcd : steps
    }
}
