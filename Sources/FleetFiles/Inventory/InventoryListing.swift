import FleetExpressions
public import FleetModel

extension Inventory {
    /// The JSON of `ansible-inventory --list`: keys sorted, indented by four, templates unresolved, ciphertext kept.
    public var listJSON: String {
        JSONLayout.indented(.mapping(listing))
    }

    /// The JSON of `ansible-inventory --host`: one host's merged variables; nil for an unknown host.
    public func hostJSON(_ name: HostName) -> String? {
        self[host: name].map { JSONLayout.indented(.mapping(Self.shown($0))) }
    }

    /// The text of `ansible-inventory --graph`, from a group downwards; nil for an unknown one.
    public func graph(from group: String = "all") -> String? {
        guard self[group: group] != nil else { return nil }
        return graphLines(group, depth: 0).joined(separator: "\n")
    }

    // MARK: - List

    private var listing: VariableMapping {
        var result = VariableMapping()
        var seen: Set<String> = []
        let listed = hosts(inGroup: "all")
        list("all", Set(listed.map(\.name)), into: &result, &seen)
        var variables = VariableMapping()
        for host in listed {
            let shown = Self.shown(host)
            if !shown.isEmpty { variables[host.name.rawValue] = .mapping(shown) }
        }
        result["_meta"] = ["hostvars": .mapping(variables), "profile": "inventory_legacy"]
        return result
    }

    private func list(
        _ name: String, _ known: Set<HostName>, into result: inout VariableMapping, _ seen: inout Set<String>
    ) {
        guard let group = self[group: name] else { return }
        var entry = VariableMapping()
        let members = group.hosts.filter(known.contains)
        if name != "all", !members.isEmpty { entry["hosts"] = .list(members.map { .string($0.rawValue) }) }
        if !group.children.isEmpty { entry["children"] = .list(group.children.map { .string($0) }) }
        if !entry.isEmpty { result[name] = .mapping(entry) }
        for child in group.children where seen.insert(child).inserted { list(child, known, into: &result, &seen) }
    }

    /// Variables that Ansible adds itself, and keeps out of its listings.
    private static let internalNames: Set<String> = [
        "ansible_async_path", "ansible_collection_name", "ansible_config_file", "ansible_dependent_role_names",
        "ansible_diff_mode", "ansible_facts", "ansible_forks", "ansible_inventory_sources", "ansible_limit",
        "ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_role_names",
        "ansible_playbook_python", "ansible_role_name", "ansible_role_names", "ansible_run_tags", "ansible_skip_tags",
        "ansible_verbosity", "ansible_version", "inventory_dir", "inventory_file", "inventory_hostname",
        "inventory_hostname_short", "groups", "group_names", "hostvars", "playbook_dir", "play_hosts", "role_name",
        "role_names", "role_path", "role_uuid",
    ]

    private static func shown(_ host: Host) -> VariableMapping {
        VariableMapping(
            host.variables.merged.entries.filter { !internalNames.contains($0.name) }.map { ($0.name, $0.value) })
    }

    // MARK: - Graph

    private func graphLines(_ name: String, depth: Int) -> [String] {
        guard let group = self[group: name] else { return [] }
        var lines = [Self.graphLine("@\(name):", depth)]
        for child in group.children { lines += graphLines(child, depth: depth + 1) }
        if name != "all" { lines += group.hosts.map { Self.graphLine($0.rawValue, depth + 1) } }
        return lines
    }

    private static func graphLine(_ text: String, _ depth: Int) -> String {
        depth == 0 ? text : String(repeating: "  |", count: depth) + "--" + text
    }
}
