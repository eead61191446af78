import FleetExpressions
import FleetModel

/// Reads a YAML inventory into a builder (`~/lib/ansible/plugins/inventory/yaml.py`).
struct YAMLInventory {
    private var builder: InventoryBuilder
    private var diagnostics: [Diagnostic] = []

    /// Adds what a document says, or throws all its mistakes.
    static func read(_ document: LocatedValue, into builder: inout InventoryBuilder) throws(Diagnostics) {
        var reader = YAMLInventory(builder: builder)
        reader.readDocument(document)
        if let failure = Diagnostics(reader.diagnostics) { throw failure }
        builder = reader.builder
    }

    private init(builder: InventoryBuilder) { self.builder = builder }

    private mutating func report(_ message: String, at value: LocatedValue, expected: String, suggestion: String? = nil)
    {
        diagnostics.append(
            Diagnostic(message, at: value.location, found: value.foundText, expected: expected, suggestion: suggestion))
    }

    private mutating func readDocument(_ document: LocatedValue) {
        guard let mapping = document.mapping else {
            return report("this is no inventory", at: document, expected: "a mapping of groups")
        }
        if let plugin = mapping.entry("plugin"), let name = plugin.value.scalar, name.value != .null {
            return report(
                "inventory plugins are not run", at: plugin.value, expected: "a mapping of groups",
                suggestion: "save the result of ansible-inventory --list --yaml --export and use that")
        }
        for entry in mapping.entries { readGroup(entry) }
    }

    @discardableResult
    private mutating func readGroup(_ entry: LocatedMapping.Entry) -> Int? {
        guard entry.value.mapping != nil || entry.value.isNull else {
            builder.warn(
                "\"\(entry.key)\" is passed over: a group is a mapping, and this is \(entry.value.value.kindName)",
                at: entry.keyLocation)
            return nil
        }
        guard case .string = entry.keyValue, !entry.key.isEmpty else {
            diagnostics.append(
                Diagnostic(
                    "a group's name must be text", at: entry.keyLocation, found: entry.key,
                    suggestion: "write it in quotes"))
            return nil
        }
        let group = builder.addGroup(entry.key)
        for section in entry.value.mapping?.entries ?? [] { readSection(section, of: group) }
        return group
    }

    private mutating func readSection(_ section: LocatedMapping.Entry, of group: Int) {
        guard let entries = sectionEntries(section, of: group) else { return }
        for entry in entries {
            switch section.key {
            case "vars": setVariable(entry, of: group)
            case "children": addChild(entry, to: group)
            default: addHosts(entry, to: group)
            }
        }
    }

    private static let sections = ["hosts", "vars", "children"]

    /// The entries of `hosts`, `vars` or `children`; a single name may stand for a mapping.
    private mutating func sectionEntries(_ section: LocatedMapping.Entry, of group: Int) -> [LocatedMapping.Entry]? {
        let name = builder.groups[group].name
        guard Self.sections.contains(section.key) else {
            builder.warn(
                "\"\(section.key)\" in group \"\(name)\" is passed over: a group has hosts, vars and children",
                at: section.keyLocation,
                suggestion: Suggestion.sentence(for: section.key, among: Self.sections))
            return nil
        }
        if section.value.isNull { return nil }
        if let mapping = section.value.mapping { return mapping.entries }
        if let scalar = section.value.scalar, case .string(let text) = scalar.value {
            return [.init(key: text, keyLocation: section.value.location, value: .null(at: section.value.location))]
        }
        report(
            "unusable \"\(section.key)\" in group \"\(name)\"", at: section.value, expected: "a mapping",
            suggestion: section.key == "vars" ? nil : "write each name with a colon behind it, without a dash")
        return nil
    }

    private mutating func setVariable(_ entry: LocatedMapping.Entry, of group: Int) {
        do throws(Diagnostic) {
            try builder.setVariable(entry.key, entry.value, group: group)
        } catch {
            diagnostics.append(error)
        }
    }

    private mutating func addChild(_ entry: LocatedMapping.Entry, to group: Int) {
        guard let child = readGroup(entry) else { return }
        do throws(Diagnostic) {
            try builder.addChild(child, to: group, at: entry.keyLocation)
        } catch {
            diagnostics.append(error)
        }
    }

    private mutating func addHosts(_ entry: LocatedMapping.Entry, to group: Int) {
        guard case .string = entry.keyValue, !entry.key.isEmpty else {
            diagnostics.append(
                Diagnostic(
                    "a host's name must be text", at: entry.keyLocation, found: entry.key,
                    suggestion: "write it in quotes"))
            return
        }
        guard entry.value.mapping != nil || entry.value.isNull else {
            return report("unusable variables of host \"\(entry.key)\"", at: entry.value, expected: "a mapping")
        }
        let address = HostAddress(entry.key)
        do throws(HostRange.Failure) {
            for name in try builder.unfold(address?.name ?? entry.key) {
                let host = builder.addHost(name, to: group, port: address?.port, at: entry.keyLocation)
                for variable in entry.value.mapping?.entries ?? [] {
                    builder.setVariable(variable.key, variable.value, host: host)
                }
            }
        } catch {
            diagnostics.append(
                Diagnostic(error.message, at: entry.keyLocation, found: "\"\(entry.key)\"", expected: error.expected))
        }
    }
}
