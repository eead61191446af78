import FleetExpressions
import FleetModel

/// Merges variables by Ansible's precedence and makes the inventory (`~/lib/ansible/vars/manager.py:get_vars`).
struct InventoryAssembly {
    private let builder: InventoryBuilder
    private var files: VariableFiles
    private var inherited: [Set<Int>: (located: LocatedVariables, values: VariableMapping)] = [:]
    private(set) var diagnostics: [Diagnostic] = []

    init(builder: InventoryBuilder, files: VariableFiles) {
        self.builder = builder
        self.files = files
    }

    mutating func document(warnings: [Diagnostic]) -> InventoryDocument {
        var places: [HostName: [LocatedVariables]] = [:]
        var hosts: [Host] = []
        for record in builder.hosts {
            let shared = sharedVariables(of: record.groups)
            var own = record.variables
            own.overlay(files.variables(of: .host, names: [record.name]))
            hosts.append(
                host(record, HostVariables(inherited: shared.values, own: own.mapping), [shared.located, own]))
            places[HostName(record.name)] = [shared.located, own]
        }
        diagnostics += files.diagnostics.filter { $0.severity == .error }
        let groups = builder.groups.map { group($0) }
        let inventory = Inventory(hosts: hosts, groups: groups)
        let doubts = warnings + builder.warnings + files.diagnostics.filter { $0.severity == .warning }
        let document = InventoryDocument(inventory: inventory, warnings: doubts, places: places)
        return InventoryDocument(
            inventory: inventory, warnings: doubts + InventoryCheck(document).warnings, places: places)
    }

    // MARK: - Variables

    /// `all`, then the groups by depth, priority and name; the sources' files after the inventory itself.
    private mutating func sharedVariables(of groups: Set<Int>) -> (located: LocatedVariables, values: VariableMapping) {
        if let known = inherited[groups] { return known }
        let sorted = groups.subtracting([InventoryBuilder.all]).map { builder.groups[$0] }.sorted(by: Self.isBefore)
        var result = builder.groups[InventoryBuilder.all].variables
        for group in sorted { result.overlay(group.variables) }
        result.overlay(files.variables(of: .group, names: ["all"]))
        result.overlay(files.variables(of: .group, names: sorted.map(\.name)))
        let both = (result, result.mapping)
        inherited[groups] = both
        return both
    }

    private static func isBefore(
        _ left: InventoryBuilder.GroupRecord, _ right: InventoryBuilder.GroupRecord
    ) -> Bool {
        if left.depth != right.depth { return left.depth < right.depth }
        if left.priority != right.priority { return left.priority < right.priority }
        return left.name.unicodeScalars.lexicographicallyPrecedes(right.name.unicodeScalars)
    }

    // MARK: - Hosts and groups

    private mutating func group(_ record: InventoryBuilder.GroupRecord) -> InventoryGroup {
        var variables = record.variables
        variables.overlay(files.variables(of: .group, names: [record.name]))
        return InventoryGroup(
            name: record.name, children: record.children.map { builder.groups[$0].name },
            parents: record.parents.map { builder.groups[$0].name },
            hosts: record.hosts.map { HostName(builder.hosts[$0].name) }, depth: record.depth,
            priority: record.priority, variables: variables.mapping)
    }

    private func host(
        _ record: InventoryBuilder.HostRecord, _ variables: HostVariables, _ layers: [LocatedVariables]
    ) -> Host {
        let groups = record.groups.subtracting([InventoryBuilder.all]).map { builder.groups[$0].name }
        let host = Host(
            name: HostName(record.name),
            groups: groups.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) },
            variables: variables)
        return HostSettings(host: host, layers: layers).applied
    }
}
