import FleetExpressions
import FleetModel

/// Hosts and groups while sources are read, linked exactly as Ansible links them
/// (`~/lib/ansible/inventory/data.py`, `group.py`).
struct InventoryBuilder {
    struct GroupRecord {
        var name: String
        var children: [Int] = []
        var parents: [Int] = []
        var hosts: [Int] = []
        var hostSet: Set<Int> = []
        var depth = 0
        var priority = 1
        var variables = LocatedVariables()
    }

    struct HostRecord {
        var name: String
        var location: SourceLocation
        var groups: Set<Int> = []
        var variables = LocatedVariables()
    }

    private(set) var groups: [GroupRecord] = []
    private(set) var hosts: [HostRecord] = []
    private var groupIndices: [String: Int] = [:]
    private var hostIndices: [String: Int] = [:]
    private(set) var warnings: [Diagnostic] = []
    private var isFull = false

    init() {
        let all = addGroup("all")
        let ungrouped = addGroup("ungrouped")
        link(parent: all, child: ungrouped)
    }

    static let all = 0
    static let ungrouped = 1

    // MARK: - Adding

    mutating func warn(_ message: String, at location: SourceLocation, suggestion: String? = nil) {
        warnings.append(Diagnostic(message, at: location, suggestion: suggestion, severity: .warning))
    }

    func group(named name: String) -> Int? { groupIndices[name] }

    @discardableResult
    mutating func addGroup(_ name: String) -> Int {
        if let index = groupIndices[name] { return index }
        groups.append(GroupRecord(name: name))
        groupIndices[name] = groups.count - 1
        return groups.count - 1
    }

    /// Adds a host to a group.
    ///
    /// A port counts only where the host is named first, as in Ansible.
    @discardableResult
    mutating func addHost(_ name: String, to group: Int, port: Int?, at location: SourceLocation) -> Int {
        let index = hostIndices[name] ?? newHost(name, port: port, at: location)
        add(host: index, to: group)
        return index
    }

    private mutating func newHost(_ name: String, port: Int?, at location: SourceLocation) -> Int {
        var record = HostRecord(name: name, location: location)
        record.variables["inventory_file"] = .string(location.file, at: location)
        record.variables["inventory_dir"] = .string(FilePath.directory(of: location.file), at: location)
        if let port, port != 0 {
            let scalar = LocatedScalar(text: "\(port)", value: .int(port), textLocation: location)
            record.variables["ansible_port"] = LocatedValue(.scalar(scalar), at: location)
        }
        hosts.append(record)
        hostIndices[name] = hosts.count - 1
        return hosts.count - 1
    }

    private mutating func add(host: Int, to group: Int) {
        guard groups[group].hostSet.insert(host).inserted else { return }
        groups[group].hosts.append(host)
    }

    /// The most hosts of all sources together: ranges are written quickly.
    static let mostHosts = 200_000

    /// The names that a host's name with ranges stands for, as long as there is room for them.
    mutating func unfold(_ name: String) throws(HostRange.Failure) -> [String] {
        let names = isFull ? [] : try HostRange.expand(name)
        isFull = isFull || hosts.count + names.count > Self.mostHosts
        guard !isFull else {
            throw HostRange.Failure(message: "the inventory unfolds to more than \(Self.mostHosts) hosts")
        }
        return names
    }

    mutating func setVariable(_ name: String, _ value: LocatedValue, host: Int) {
        hosts[host].variables[name] = value
    }

    mutating func setVariable(_ name: String, _ value: LocatedValue, group: Int) throws(Diagnostic) {
        guard name == "ansible_group_priority" else {
            groups[group].variables[name] = value
            return
        }
        guard let priority = value.scalar.flatMap({ Int($0.text) }) else {
            throw Diagnostic(
                "unusable group priority", at: value.location, found: value.foundText, expected: "a whole number")
        }
        groups[group].priority = priority
    }

    // MARK: - Linking

    private static let mostAncestors = 500

    /// Makes a group another's child; refuses loops.
    mutating func addChild(_ child: Int, to parent: Int, at location: SourceLocation) throws(Diagnostic) {
        let above = ancestors(of: parent)
        guard above.count <= Self.mostAncestors else {
            throw Diagnostic(
                "group \"\(groups[parent].name)\" lies below more than \(Self.mostAncestors) groups", at: location)
        }
        guard child != parent, !above.contains(child) else {
            throw Diagnostic(
                "group \"\(groups[child].name)\" below \"\(groups[parent].name)\" makes a loop", at: location,
                suggestion: "remove one of the two children entries")
        }
        link(parent: parent, child: child)
    }

    private mutating func link(parent: Int, child: Int) {
        guard !groups[parent].children.contains(child) else { return }
        groups[parent].children.append(child)
        groups[child].parents.append(parent)
        groups[child].depth = max(groups[parent].depth + 1, groups[child].depth)
        deepenChildren(of: child)
    }

    private mutating func deepenChildren(of group: Int) {
        var depth = groups[group].depth
        var level = groups[group].children
        while !level.isEmpty {
            depth += 1
            var next: [Int] = []
            for child in level where groups[child].depth < depth {
                groups[child].depth = depth
                next += groups[child].children
            }
            level = next
        }
    }

    func ancestors(of group: Int) -> Set<Int> {
        var found: Set<Int> = []
        var rest = groups[group].parents
        while let parent = rest.popLast() {
            if found.insert(parent).inserted { rest += groups[parent].parents }
        }
        return found
    }

    // MARK: - Finishing

    /// Puts every group below `all` and every host without a group into `ungrouped`.
    mutating func finish() {
        for index in groups.indices where index != Self.all && groups[index].parents.isEmpty {
            link(parent: Self.all, child: index)
        }
        collectHostGroups()
        for index in hosts.indices {
            let isGrouped = !hosts[index].groups.subtracting([Self.all, Self.ungrouped]).isEmpty
            if isGrouped { removeFromUngrouped(index) } else { add(host: index, to: Self.ungrouped) }
        }
        collectHostGroups()
        warnOfSharedNames()
    }

    private mutating func removeFromUngrouped(_ host: Int) {
        guard groups[Self.ungrouped].hostSet.remove(host) != nil else { return }
        groups[Self.ungrouped].hosts.removeAll { $0 == host }
    }

    private mutating func collectHostGroups() {
        for index in hosts.indices { hosts[index].groups = [] }
        for index in groups.indices where !groups[index].hosts.isEmpty {
            let family = ancestors(of: index).union([index])
            for host in groups[index].hosts { hosts[host].groups.formUnion(family) }
        }
    }

    private mutating func warnOfSharedNames() {
        for host in hosts where groupIndices[host.name] != nil {
            warn("\"\(host.name)\" is a host and a group", at: host.location, suggestion: "rename one of them")
        }
    }
}
