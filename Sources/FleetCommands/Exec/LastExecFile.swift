import FleetReport
import Foundation

/// The file that keeps how the last ad-hoc command ended, beside the journal.
struct LastExecFile {
    let path: String

    /// `fleet.last-exec.json` for the journal `fleet.sqlite`.
    init(beside journal: String) {
        path = (journal as NSString).deletingPathExtension + ".last-exec.json"
    }

    /// The document; throws when there is none, or another fleet's.
    func read() throws -> LastExec {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError(
                "there is no earlier exec to choose from: \(path) cannot be read",
                hint: "leave --rerun out, or name the journal that the earlier exec was given with --state")
        }
        do {
            return try JSONDecoder().decode(LastExec.self, from: data).validated()
        } catch {
            throw UsageError("\(path) does not tell how the last exec ended: \(error)", hint: "leave --rerun out")
        }
    }

    /// Replaces the document, for its owner alone, in one step.
    func write(_ last: LastExec) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let directory = (path as NSString).deletingLastPathComponent
        do {
            if !directory.isEmpty {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            let draft = "\(path).\(getpid())"
            let isMade = FileManager.default.createFile(
                atPath: draft, contents: try encoder.encode(last), attributes: [.posixPermissions: 0o600])
            guard isMade, rename(draft, path) == 0 else {
                throw Refusal("\(String(cString: strerror(errno)))")
            }
        } catch {
            throw Refusal("how this exec ended could not be kept for --rerun: \(path): \(error)")
        }
    }
}
