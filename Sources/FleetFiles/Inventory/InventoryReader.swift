public import FleetExpressions
public import FleetModel

/// Reads Ansible inventories: YAML, INI, directories of both, and lists of hosts such as `web1,web2`.
public struct InventoryReader: Sendable {
    private let tree: any FileTree

    /// A reader of a tree's files.
    public init(tree: any FileTree) { self.tree = tree }

    /// Reads sources in their order, with the variables beside them, and merges them as Ansible does.
    ///
    /// Throws every mistake of every file; what is only doubtful is among the document's warnings.
    public func read(_ sources: [String]) throws(Diagnostics) -> InventoryDocument {
        var builder = InventoryBuilder()
        var diagnostics: [Diagnostic] = []
        for source in sources { read(source, into: &builder, &diagnostics) }
        if let failure = Diagnostics(diagnostics) { throw failure }
        builder.finish()
        var assembly = InventoryAssembly(builder: builder, files: VariableFiles(sources: sources, tree: tree))
        let document = assembly.document(warnings: diagnostics)
        if let failure = Diagnostics(assembly.diagnostics) { throw failure }
        return document
    }

    // MARK: - Sources

    private func read(_ source: String, into builder: inout InventoryBuilder, _ diagnostics: inout [Diagnostic]) {
        do {
            switch tree.kind(of: source) {
            case .directory: readDirectory(source, into: &builder, &diagnostics)
            case .file: try readFile(source, into: &builder)
            case nil where source.contains(","): addHosts(listed: source, to: &builder)
            case nil:
                throw Diagnostic(
                    "there is no such inventory", at: SourceLocation(file: source), suggestion: neighbour(of: source))
            }
        } catch let failure as Diagnostics {
            diagnostics += failure.all
        } catch let failure as Diagnostic {
            diagnostics.append(failure)
        } catch {
            diagnostics.append(Diagnostic("\(error)", at: SourceLocation(file: source)))
        }
    }

    private func neighbour(of source: String) -> String? {
        let names = (try? tree.names(in: FilePath.directory(of: source))) ?? []
        return Suggestion.sentence(for: FilePath.name(of: source), among: names)
    }

    /// Names that a directory of sources may hold without their being inventories: Ansible's `INVENTORY_IGNORE_EXTS`.
    private static let ignoredSuffixes = [
        ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
    ]
    private static let ignoredNames: Set<String> = ["host_vars", "group_vars", "vars_plugins"]

    private static func isIgnored(_ name: String) -> Bool {
        name.hasPrefix(".") || ignoredNames.contains(name) || ignoredSuffixes.contains { name.hasSuffix($0) }
    }

    private func readDirectory(
        _ directory: String, into builder: inout InventoryBuilder, _ diagnostics: inout [Diagnostic]
    ) {
        let names = ((try? tree.names(in: directory)) ?? []).sorted {
            $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
        }
        for name in names where !Self.isIgnored(name) {
            read(FilePath.join(directory, name), into: &builder, &diagnostics)
        }
    }

    private func addHosts(listed source: String, to builder: inout InventoryBuilder) {
        for part in source.split(separator: ",") {
            let text = part.trimmed
            guard !text.isEmpty else { continue }
            let address = text.contains("[") && !text.hasPrefix("[") ? nil : HostAddress(text)
            builder.addHost(
                address?.name ?? text, to: InventoryBuilder.ungrouped, port: address?.port,
                at: SourceLocation(file: source))
        }
    }

    // MARK: - Files

    private static let yamlExtensions: Set<String> = [".yaml", ".yml", ".json"]

    private func readFile(_ file: String, into builder: inout InventoryBuilder) throws {
        let text = try TextFile.read(file, in: tree)
        if text.hasPrefix("$ANSIBLE_VAULT;") { throw Diagnostic.vaulted(at: SourceLocation(file: file)) }
        let suffix = FilePath.fileExtension(of: file)
        if suffix == ".toml" {
            throw Diagnostic("TOML inventories are not read", at: SourceLocation(file: file), expected: "YAML or INI")
        }
        if Self.yamlExtensions.contains(suffix) || (suffix.isEmpty && Self.isYAML(text, file: file)) {
            try YAMLInventory.read(YAMLReader.read(text, file: file), into: &builder)
        } else {
            try INIInventory.read(text, file: file, into: &builder)
        }
    }

    /// A file without an extension is YAML when it reads as a mapping, or says so by its first lines.
    private static func isYAML(_ text: String, file: String) -> Bool {
        if let value = try? YAMLReader.read(text, file: file), value.mapping != nil { return true }
        let lines = text.split(whereSeparator: \.isNewline)
        let first = lines.first { !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("#") && !$0.hasPrefix(";") }
        return first == "---" || first?.wholeMatch(of: /[\w-]+:\s*/) != nil
    }
}

/// An inventory as read, with what is doubtful in it and where its variables come from.
public struct InventoryDocument: Sendable {
    /// Hosts and groups.
    public let inventory: Inventory
    /// Doubtful things: keys passed over, encrypted files, a zone that only one host has.
    public let warnings: [Diagnostic]
    let places: [HostName: [LocatedVariables]]

    /// Where the value of a host's variable was set; nil for an unknown host or variable.
    public func location(of variable: String, on host: HostName) -> SourceLocation? {
        places[host]?.reversed().lazy.compactMap { $0[variable]?.location }.first
    }
}
