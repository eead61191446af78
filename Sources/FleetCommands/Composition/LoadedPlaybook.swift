import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun

/// A playbook with its steps decoded, and its content's digest.
struct LoadedPlaybook: Sendable {
    var document: PlaybookDocument
    var steps: [PlannedStep]
    var path: String
    var digest: String

    var header: PlaybookHeader { document.header }
    /// What planning must know of the steps.
    var summaries: [StepSummary] { steps.map(\.summary) }

    /// Reads a playbook by name or path; throws every mistake at once.
    static func load(_ name: String, files: any FileTree = DiskFileTree()) throws -> LoadedPlaybook {
        let path = try Paths.playbook(name)
        let document = try PlaybookDocument(file: path, in: files)
        let steps = try StepCatalogue.decode(document.steps)
        var digest = ContentDigest()
        digest.update(try files.contents(of: path))
        return LoadedPlaybook(document: document, steps: steps, path: path, digest: digest.hexadecimal)
    }
}
