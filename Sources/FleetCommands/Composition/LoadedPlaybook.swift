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
    /// What is doubtful in it, and does not keep it from being used.
    var warnings: [Diagnostic] = []

    var header: PlaybookHeader { document.header }
    /// What planning must know of the steps.
    var summaries: [StepSummary] { steps.map(\.summary) }

    /// Which hosts it is for.
    var outline: PlaybookOutline { PlaybookOutline(header: header, places: document.places, path: path) }

    /// Variables that steps name and nobody defines, for some of the hosts that they are for.
    func undefinedVariables(hosts: [Host], spares: [Host], extra: VariableMapping) -> [Diagnostic] {
        outline.undefinedVariables(in: steps, hosts: hosts, spares: spares, extra: extra)
    }

    /// The Kubernetes version that each host is to have, by its name; of those that come in, where others leave for them.
    ///
    /// Empty where no step joins hosts or names `kubernetes_version`.
    func versions(hosts: [Host], spares: [Host], extra: VariableMapping) -> [String: String] {
        let variable = "kubernetes_version"
        let isVersioned = steps.contains { planned in
            planned.step.traits.contains(.joins) || planned.references.contains { $0.name == variable }
        }
        guard isVersioned else { return [:] }
        var versions: [String: String] = [:]
        for host in header.spares == nil ? hosts : spares {
            let scope = VariableScope(host: host, playbook: header.variables, extra: extra)
            guard let value = try? scope.value(of: variable) else { continue }
            versions[host.name.rawValue] = value.scalarText
        }
        return versions
    }

    /// Reads a playbook by name or path; throws every mistake at once.
    static func load(_ name: String, files: any FileTree = DiskFileTree()) throws -> LoadedPlaybook {
        let reading = try PlaybookReading(name, in: files)
        if let failure = Diagnostics(reading.mistakes) { throw failure }
        var digest = ContentDigest()
        for file in [reading.path] + reading.draft.included { digest.update(try files.contents(of: file)) }
        for name in reading.uploads.keys.sorted() {
            for file in reading.uploads[name] ?? [] { digest.update("\(file.name) \(file.sha256)\n".utf8) }
        }
        return LoadedPlaybook(
            document: try PlaybookDocument(reading.draft), steps: reading.steps, checks: reading.checks,
            health: reading.health, notifiers: reading.notifiers, path: reading.path, digest: digest.hexadecimal,
            files: reading.uploads, warnings: reading.mistakes)
    }
}
