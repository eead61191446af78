import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun
import Foundation

/// The files beside a playbook that its steps upload.
struct LocalFiles {
    private let playbook: String
    private let files: any FileTree

    init(beside playbook: String, in files: any FileTree) {
        self.playbook = playbook
        self.files = files
    }

    /// The files by the name in the playbook, and every mistake; relative names are the playbook's neighbours.
    ///
    /// Steps learn which variables their template files name.
    func uploads(of steps: inout [PlannedStep], _ mistakes: inout [Diagnostic]) -> [String: [LocalFile]] {
        var found: [String: [LocalFile]] = [:]
        for index in steps.indices {
            let planned = steps[index]
            guard let step = planned.step as? UploadStep, let name = step.localName else { continue }
            let path = name.hasPrefix("/") || name.hasPrefix("~") ? name : folder + name
            do throws(Unreadable) {
                if found[name] == nil { found[name] = try contents(of: step.source, at: path) }
                guard case .template = step.source, var file = found[name]?.first else { continue }
                if file.template == nil { file.template = try template(at: path, &mistakes) }
                found[name] = [file]
                guard let template = file.template else { continue }
                steps[index].references += VariableReference.all(in: template, under: planned.condition)
            } catch {
                mistakes.append(
                    Diagnostic(
                        "\(error.path), which this step uploads, cannot be read: \(error.words)",
                        at: planned.location ?? SourceLocation(file: playbook)))
            }
        }
        return found
    }

    /// A file's text with its `{{ }}`; nil where one of them is a mistake, which is told with its place in that file.
    private func template(at path: String, _ mistakes: inout [Diagnostic]) throws(Unreadable) -> Template? {
        let bytes: [UInt8]
        do { bytes = try files.contents(of: path) } catch { throw Unreadable(path: path, words: "\(error)") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Unreadable(path: path, words: "a template is UTF-8, and this is not: say file")
        }
        let scalar = LocatedScalar(
            text: text, value: .string(text), style: .literal,
            textLocation: SourceLocation(file: path, line: 1, column: 1))
        do throws(Diagnostic) { return try Template(parsing: scalar) } catch { mistakes.append(error) }
        return nil
    }

    private struct Unreadable: Error {
        var path: String
        var words: String
    }

    private func contents(of source: UploadStep.Source, at path: String) throws(Unreadable) -> [LocalFile] {
        switch (source, files.kind(of: path)) {
        case (.file, .file), (.template, .file): [try file("", at: path)]
        case (.directory, .directory): try directory(path)
        case (_, nil): throw Unreadable(path: path, words: "there is nothing of that name")
        case (_, .directory): throw Unreadable(path: path, words: "it is a directory: say directory")
        case (_, .file): throw Unreadable(path: path, words: "it is a file: say file, not directory")
        }
    }

    private var folder: String { playbook.lastIndex(of: "/").map { String(playbook[...$0]) } ?? "" }

    /// Everything below a directory, in the order of the names.
    private func directory(_ path: String, below prefix: String = "") throws(Unreadable) -> [LocalFile] {
        let names: [String]
        do { names = try files.names(in: path).sorted() } catch { throw Unreadable(path: path, words: "\(error)") }
        var found: [LocalFile] = []
        for name in names {
            let inner = "\(path)/\(name)"
            switch files.kind(of: inner) {
            case .directory: found += try directory(inner, below: "\(prefix)\(name)/")
            case .file: found.append(try file(prefix + name, at: inner))
            case nil: throw Unreadable(path: inner, words: "its link leads nowhere")
            }
        }
        return found
    }

    private func file(_ name: String, at path: String) throws(Unreadable) -> LocalFile {
        let bytes: [UInt8]
        do { bytes = try files.contents(of: path) } catch { throw Unreadable(path: path, words: "\(error)") }
        var digest = ContentDigest()
        digest.update(bytes)
        let place = Paths.expanded(path)
        return LocalFile(
            name: name, path: place, size: bytes.count, sha256: digest.hexadecimal,
            isExecutable: FileManager.default.isExecutableFile(atPath: place))
    }
}
