import FleetFiles
import Foundation

/// The files of this machine; paths are taken as the operator wrote them, `~` aside.
struct DiskFileTree: FileTree {
    func kind(of path: String) -> FileKind? {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: Paths.expanded(path), isDirectory: &isDirectory) else {
            return nil
        }
        return isDirectory.boolValue ? .directory : .file
    }

    func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Paths.expanded(directory))
    }

    func contents(of file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: Paths.expanded(file))))
    }
}

/// Where fleet looks for things when nobody says.
enum Paths {
    /// `~` at the beginning stands for the home directory.
    static func expanded(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        return home + path.dropFirst()
    }

    /// The home directory.
    static var home: String {
        ProcessInfo.processInfo.environment["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path
    }

    /// The journal: where it is said to be, else under the XDG state directory.
    static func state(_ path: String?) -> String {
        if let path { return expanded(path) }
        let environment = ProcessInfo.processInfo.environment
        let base = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/.local/state"
        return "\(base)/fleet/fleet.sqlite"
    }

    /// A playbook's file: a path as it is, a bare name under `playbooks/`.
    static func playbook(_ name: String) throws -> String {
        let candidates =
            name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
            ? [name] : ["playbooks/\(name).yaml", "playbooks/\(name).yml"]
        if let found = candidates.first(where: { FileManager.default.fileExists(atPath: expanded($0)) }) {
            return found
        }
        throw UsageError(
            "there is no playbook \"\(name)\": looked for \(candidates.joined(separator: " and "))",
            hint: known(in: "playbooks")
        )
    }

    private static func known(in directory: String) -> String {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
            .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
        return names.isEmpty
            ? "run fleet where the folder playbooks/ is, or give the file's path"
            : "known here: \(names.joined(separator: ", "))"
    }
}

/// Something the operator must say differently; exit code 64.
struct UsageError: Error, CustomStringConvertible {
    var message: String
    var hint: String

    init(_ message: String, hint: String = "") {
        self.message = message
        self.hint = hint
    }

    var description: String { hint.isEmpty ? message : "\(message)\n  \(hint)" }
}

/// Something that cannot be done as things stand; exit code 1 unless another is given.
struct Refusal: Error, CustomStringConvertible {
    var message: String
    var hint: String
    var isResumable: Bool

    init(_ message: String, hint: String = "", isResumable: Bool = false) {
        self.message = message
        self.hint = hint
        self.isResumable = isResumable
    }

    var description: String { hint.isEmpty ? message : "\(message)\n  \(hint)" }
}
