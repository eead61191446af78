import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun

/// A playbook with its steps decoded, and its content's digest.
struct LoadedPlaybook: Sendable {
    var document: PlaybookDocument
    var steps: [PlannedStep]
    var checks: PlaybookChecks
    var path: String
    var digest: String
    /// What is in the files that steps upload, by the name in the playbook; part of the digest.
    var files: [String: [UInt8]] = [:]

    var header: PlaybookHeader { document.header }
    /// What planning must know of the steps.
    var summaries: [StepSummary] { steps.map(\.summary) }

    /// Reads a playbook by name or path; throws every mistake at once.
    static func load(_ name: String, files: any FileTree = DiskFileTree()) throws -> LoadedPlaybook {
        let path = try Paths.playbook(name)
        let document = try PlaybookDocument(file: path, in: files)
        let steps = try decode(document)
        let checks = try PlaybookChecks(document.preflight)
        try refuseUnkept(document)
        try TimeZones.check(document)
        var digest = ContentDigest()
        digest.update(try files.contents(of: path))
        let uploads = try uploads(of: steps, besides: path, files)
        for name in uploads.keys.sorted() { digest.update(uploads[name] ?? []) }
        return LoadedPlaybook(
            document: document, steps: steps, checks: checks, path: path, digest: digest.hexadecimal, files: uploads)
    }

    /// The steps of hosts that come in, then those of nodes that leave; mistakes in either.
    private static func decode(_ document: PlaybookDocument) throws -> [PlannedStep] {
        guard document.header.spares != nil else { return try StepCatalogue.decode(document.steps) }
        var steps = try StepCatalogue.decode(document.incoming + document.steps)
        for index in steps.indices { steps[index].isForNewcomers = index < document.incoming.count }
        return steps
    }

    /// Reads the files that steps upload; relative names are the playbook's neighbours.
    private static func uploads(
        of steps: [PlannedStep], besides playbook: String, _ files: any FileTree
    ) throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for case .file(let name) in steps.compactMap({ ($0.step as? UploadStep)?.source }) {
            let folder = playbook.lastIndex(of: "/").map { String(playbook[...$0]) } ?? ""
            let path = name.hasPrefix("/") || name.hasPrefix("~") ? name : folder + name
            do { contents[name] = try files.contents(of: path) } catch {
                throw UsageError("\(playbook): the file \(path) of an upload step cannot be read: \(error)")
            }
        }
        return contents
    }

    /// A promise that this version would not keep is refused, not ignored.
    private static func refuseUnkept(_ document: PlaybookDocument) throws(Diagnostics) {
        if let place = document.places["health"] { throw unkept("\"health\"", at: place) }
    }

    private static func unkept(_ what: String, at place: SourceLocation) -> Diagnostics {
        Diagnostics(
            Diagnostic(
                "\(what) is not kept by this version of fleet", at: place,
                suggestion: "take it out, and mind it yourself for now"
            )
        )
    }
}
