import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun

/// As much of a playbook as can be read, and every mistake in it.
struct PlaybookReading {
    let path: String
    let draft: PlaybookDraft
    let checks: PlaybookChecks
    let health: [HealthCheck]
    let notifiers: [Notifier]
    let steps: [PlannedStep]
    /// The files that steps upload, by the name in the playbook.
    let uploads: [String: [LocalFile]]
    /// Errors, and warnings of what is doubtful.
    let mistakes: [Diagnostic]

    /// Reads a playbook by name or path; throws where there is none.
    init(_ name: String, in files: any FileTree) throws {
        path = try Paths.playbook(name)
        draft = PlaybookDraft(file: path, in: files)
        var mistakes = draft.mistakes
        var steps = Self.decode(draft, &mistakes)
        checks = PlaybookChecks(draft.preflight, &mistakes)
        health = HealthCheck.decode(draft.health, &mistakes)
        notifiers = Notifier.decode(draft.notify, &mistakes)
        mistakes += TimeZones.mistakes(of: draft)
        uploads = LocalFiles(beside: path, in: files).uploads(of: &steps, &mistakes)
        // Hosts that come in and nodes that leave know nothing of each other's results.
        for group in [nil, true, false] as [Bool?] {
            mistakes += StepCatalogue.unknownMembers(in: steps.filter { $0.isForNewcomers == group })
        }
        self.steps = steps
        self.mistakes = mistakes
    }

    /// What says which hosts it is for; nil where it does not even say that.
    var outline: PlaybookOutline? { draft.header.map { PlaybookOutline(header: $0, places: draft.places, path: path) } }

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

/// Which hosts a playbook is for, and where it says so.
struct PlaybookOutline: Sendable {
    var header: PlaybookHeader
    /// Where keys of the header stand.
    var places: [String: SourceLocation]
    var path: String

    /// The place of a key of the header, or the file.
    func place(of key: String) -> SourceLocation { places[key] ?? SourceLocation(file: path) }

    /// Variables that steps name and nobody defines, for some of the hosts that they are for.
    func undefinedVariables(
        in steps: [PlannedStep], hosts: [Host], spares: [Host], extra: VariableMapping
    ) -> [Diagnostic] {
        let subject = { (host: Host, isNewcomer: Bool) in
            UndefinedVariables.Subject(
                name: host.name.rawValue, scope: VariableScope(host: host, playbook: header.variables, extra: extra),
                isNewcomer: header.spares == nil ? nil : isNewcomer)
        }
        let subjects = hosts.map { subject($0, false) } + spares.map { subject($0, true) }
        return UndefinedVariables.mistakes(in: steps, on: subjects)
    }
}
