import FleetExpressions
import FleetModel

/// Finds and reads `group_vars` and `host_vars` beside inventory sources
/// (`~/lib/ansible/plugins/vars/host_group_vars.py`, `parsing/dataloader.py:find_vars_files`).
struct VariableFiles {
    /// Whose variables.
    enum Owner: String {
        case group = "group_vars"
        case host = "host_vars"
    }

    private let tree: any FileTree
    private let directories: [String]
    private var read: [String: LocatedMapping?] = [:]
    private(set) var diagnostics: [Diagnostic] = []

    private static let extensions = ["", ".yml", ".yaml", ".json"]

    /// Looks beside sources, in their order; a directory is its own neighbour.
    init(sources: [String], tree: any FileTree) {
        self.tree = tree
        directories = sources.compactMap { source in
            if source.contains(","), tree.kind(of: source) == nil { return nil }
            return tree.kind(of: source) == .directory ? source : FilePath.directory(of: source)
        }
    }

    /// What all sources' files say of some groups or a host: later sources win, and within one source later names.
    mutating func variables(of owner: Owner, names: [String]) -> LocatedVariables {
        var result = LocatedVariables()
        for directory in directories {
            for name in names where !name.hasPrefix("/") {
                for file in files(in: FilePath.join(directory, owner.rawValue), for: name) {
                    if let mapping = contents(of: file) { result.overlay(mapping) }
                }
            }
        }
        return result
    }

    private func files(in directory: String, for name: String) -> [String] {
        guard tree.kind(of: directory) == .directory else { return [] }
        for suffix in Self.extensions {
            let path = FilePath.join(directory, name + suffix)
            switch tree.kind(of: path) {
            case .file: return [path]
            case .directory: return filesBelow(path)
            case nil: continue
            }
        }
        return []
    }

    private func filesBelow(_ directory: String) -> [String] {
        let names = ((try? tree.names(in: directory)) ?? []).sorted {
            $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
        }
        return names.flatMap { name -> [String] in
            guard !name.hasPrefix("."), !name.hasSuffix("~") else { return [] }
            let path = FilePath.join(directory, name)
            let suffix = FilePath.fileExtension(of: name)
            switch tree.kind(of: path) {
            case .directory: return suffix.isEmpty ? filesBelow(path) : []
            case .file: return Self.extensions.contains(suffix) ? [path] : []
            case nil: return []
            }
        }
    }

    private mutating func contents(of file: String) -> LocatedMapping? {
        if let known = read[file] { return known }
        let mapping = load(file)
        read[file] = .some(mapping)
        return mapping
    }

    private mutating func load(_ file: String) -> LocatedMapping? {
        do {
            let text = try TextFile.read(file, in: tree)
            if text.hasPrefix("$ANSIBLE_VAULT;") {
                diagnostics.append(Self.vaulted(file))
                return nil
            }
            let value = try YAMLReader.read(text, file: file)
            if let mapping = value.mapping { return mapping }
            if !Self.isEmpty(value) { diagnostics.append(Self.noMapping(value)) }
        } catch let failure as Diagnostics {
            diagnostics += failure.all
        } catch let failure as Diagnostic {
            diagnostics.append(failure)
        } catch {
            diagnostics.append(Diagnostic("\(error)", at: SourceLocation(file: file)))
        }
        return nil
    }

    private static func isEmpty(_ value: LocatedValue) -> Bool {
        [.null, false, 0, "", []].contains(value.value)
    }

    private static func noMapping(_ value: LocatedValue) -> Diagnostic {
        Diagnostic(
            "a file of variables must be a mapping", at: value.location, found: value.foundText, expected: "name: value"
        )
    }

    private static func vaulted(_ file: String) -> Diagnostic {
        Diagnostic(
            "the file is encrypted with Ansible Vault, which fleet cannot open; its variables are undefined here",
            at: SourceLocation(file: file), suggestion: "give what fleet needs with --extra-vars", severity: .warning)
    }
}
