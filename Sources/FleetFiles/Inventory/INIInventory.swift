import FleetExpressions
import FleetModel

/// Reads an INI inventory into a builder (`~/lib/ansible/plugins/inventory/ini.py`).
struct INIInventory {
    private enum Section: String, CaseIterable {
        case hosts, children, vars
    }

    private struct Pending {
        var location: SourceLocation
        var section: Section
        var parents: [String]
    }

    private let file: String
    private var builder: InventoryBuilder
    private var diagnostics: [Diagnostic] = []
    private var pending: [String: Pending] = [:]
    private var pendingOrder: [String] = []
    private var group = "ungrouped"
    private var section = Section.hosts
    private var line = 0
    private var indentation = 0

    private init(file: String, builder: InventoryBuilder) {
        self.file = file
        self.builder = builder
    }

    /// Adds what a text says, or throws all its mistakes.
    static func read(_ text: String, file: String, into builder: inout InventoryBuilder) throws(Diagnostics) {
        var reader = INIInventory(file: file, builder: builder)
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) { reader.read(line) }
        reader.reportPending()
        if let failure = Diagnostics(reader.diagnostics) { throw failure }
        builder = reader.builder
    }

    private func place(_ offset: Int = 0) -> SourceLocation {
        SourceLocation(file: file, line: line, column: indentation + offset + 1)
    }

    private mutating func report(
        _ message: String, at offset: Int = 0, found: String? = nil, expected: String? = nil, suggestion: String? = nil
    ) {
        diagnostics.append(
            Diagnostic(message, at: place(offset), found: found, expected: expected, suggestion: suggestion))
    }

    private mutating func read(_ raw: Substring) {
        line += 1
        let start = raw.drop { $0.isWhitespace }
        indentation = raw.count - start.count
        let text = start.trimmed
        guard let first = text.first, first != "#", first != ";" else { return }
        if first == "[", let match = text.wholeMatch(of: /\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?/) {
            return open(String(match.1), match.2.map(String.init) ?? "hosts")
        }
        if text.hasPrefix("["), text.hasSuffix("]") {
            return report(
                "unusable section", found: "\"\(text)\"",
                expected: "[group], [group:children] or [group:vars] without spaces")
        }
        switch section {
        case .hosts: readHost(text)
        case .children: readChild(text)
        case .vars: readVariable(text)
        }
    }

    // MARK: - Sections

    private mutating func open(_ name: String, _ kind: String) {
        let words = Section.allCases.map(\.rawValue)
        guard let opened = Section(rawValue: kind) else {
            return report(
                "unknown kind of section", at: name.count + 2, found: "\"\(kind)\"",
                expected: "one of \(words.joined(separator: ", "))",
                suggestion: Suggestion.sentence(for: kind, among: words))
        }
        (group, section) = (name, opened)
        if builder.group(named: group) == nil {
            if opened == .vars, pending[group] == nil {
                hold(group, Pending(location: place(), section: .vars, parents: []))
            }
            builder.addGroup(group)
        }
        if opened != .vars, let awaited = pending.removeValue(forKey: group) {
            for parent in awaited.parents { link(group, to: parent, at: awaited.location) }
        }
    }

    private mutating func hold(_ name: String, _ entry: Pending) {
        pending[name] = entry
        pendingOrder.append(name)
    }

    private mutating func link(_ child: String, to parent: String, at location: SourceLocation) {
        do throws(Diagnostic) {
            try builder.addChild(builder.addGroup(child), to: builder.addGroup(parent), at: location)
        } catch {
            diagnostics.append(error)
        }
    }

    private mutating func reportPending() {
        let known = builder.groups.map(\.name)
        for name in pendingOrder {
            guard let entry = pending[name] else { continue }
            let message =
                entry.section == .vars
                ? "variables are set for group \"\(name)\", which is defined nowhere"
                : "group \"\(name)\" is a child of \"\(entry.parents.last ?? "")\", but is defined nowhere"
            let near = Suggestion.sentence(for: name, among: known.filter { $0 != name })
            diagnostics.append(
                Diagnostic(
                    message, at: entry.location, expected: "a section [\(name)] or [\(name):children]", suggestion: near
                ))
        }
    }

    // MARK: - Lines

    private mutating func readChild(_ text: String) {
        guard let match = text.wholeMatch(of: /([^:\]\s]+)\s*(?:#.*)?/) else {
            return report(
                "unusable line in [\(group):children]", found: "\"\(text.prefix(60))\"", expected: "a group's name")
        }
        let child = String(match.1)
        if builder.group(named: child) != nil {
            link(child, to: group, at: place())
        } else if pending[child] != nil {
            pending[child]?.parents.append(group)
        } else {
            hold(child, Pending(location: place(), section: .children, parents: [group]))
        }
    }

    private mutating func readVariable(_ text: String) {
        guard let equals = text.firstIndex(of: "=") else {
            let name = text.unicodeScalars.prefix { !$0.properties.isWhitespace && $0 != ":" && $0 != "=" }.prefix(60)
            return report("unusable line in [\(group):vars]", found: "\"\(String(name))\"", expected: "name=value")
        }
        let name = text[..<equals].trimmed
        let rest = text[text.index(after: equals)...]
        let value = rest.drop { $0.isWhitespace }
        let offset = text.count - value.count
        do throws(Diagnostic) {
            try builder.setVariable(
                name, located(PythonLiteral.value(of: String(value)), String(value), at: offset),
                group: builder.addGroup(group))
        } catch {
            diagnostics.append(error)
        }
    }

    private mutating func readHost(_ text: String) {
        guard let words = ShellWords.split(text), let first = words.first else {
            return report("a quote is not closed", found: NamePart.of(text))
        }
        var variables: [(String, LocatedValue)] = []
        for word in words.dropFirst() {
            // Behind name=value it may be the rest of a password with a blank in it.
            let isTold = variables.isEmpty
            guard let equals = word.text.firstIndex(of: "=") else {
                report(
                    "unusable word behind host \"\(first.text)\"", at: word.offset,
                    found: isTold ? "\"\(word.text)\"" : nil,
                    expected: "name=value",
                    suggestion: "a value with spaces needs quotes: name=\"a b\"")
                continue
            }
            let value = String(word.text[word.text.index(after: equals)...])
            let offset = word.offset + word.text.distance(from: word.text.startIndex, to: equals) + 1
            variables.append((String(word.text[..<equals]), located(PythonLiteral.value(of: value), value, at: offset)))
        }
        add(first.text, variables)
    }

    private mutating func add(_ pattern: String, _ variables: [(String, LocatedValue)]) {
        if pattern == "---" {
            return report(
                "\"---\" begins a YAML file", expected: "an INI inventory", suggestion: "rename the file to .yaml")
        }
        let address = HostAddress(pattern)
        if pattern.hasSuffix(":"), address?.port == nil {
            return report(
                "host \"\(pattern)\" ends with a colon", expected: "host or host:port",
                suggestion: "YAML inventories need the extension .yaml")
        }
        do throws(HostRange.Failure) {
            for name in try builder.unfold(address?.name ?? pattern) {
                let host = builder.addHost(name, to: builder.addGroup(group), port: address?.port, at: place())
                for (name, value) in variables { builder.setVariable(name, value, host: host) }
            }
        } catch {
            report(error.message, expected: error.expected)
        }
    }

    private func located(_ value: VariableValue, _ text: String, at offset: Int) -> LocatedValue {
        .located(value, text: text, at: place(offset))
    }
}
