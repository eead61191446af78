public import FleetExpressions
public import FleetModel

/// `hosts_entries: {group, domain}` – every host knows the names of all, in one marked block of /etc/hosts (E2).
///
/// The block is the same on all hosts and comes from the whole inventory, not from the hosts of the run: entries of
/// hosts that left the inventory go, and a line that somebody added for one of them by hand is not kept twice.
public struct HostsEntriesStep: HostStateStep {
    /// `hosts_entries`.
    public static let kind = "hosts_entries"
    /// What it does, for editors and lists.
    public static let purpose = "Every host knows the names of all, in one marked block of /etc/hosts."

    /// The inventory's group; nil means `k8s_cluster` where the inventory has it, else every host.
    public var group: String?
    /// A domain under which each name is entered too; nil for none.
    public var domain: String?

    /// Reads `group` and `domain`.
    public init?(_ arguments: inout LocatedDecoder) {
        group = arguments.optional("group", .string)
        domain = arguments.optional("domain", .string)
    }

    /// `keep the cluster's entries of /etc/hosts`.
    public var title: String { "keep the cluster's entries of /etc/hosts" }

    /// The script; throws where neither the inventory nor its Node has an address for a host of the group.
    public func command(in context: StepContext) throws -> HostCommand {
        let entries = try members(of: context.run).map { try entry($0, in: context.world) }
        return LinesInFileStep.command(
            path: "/etc/hosts", marker: "fleet: hosts of the cluster", block: entries, isHostsFile: true)
    }

    private func members(of run: RunSettings) throws -> [InventoryMember] {
        let wanted = group ?? (run.inventory.contains { $0.groups.contains("k8s_cluster") } ? "k8s_cluster" : nil)
        let members = wanted.map { group in run.inventory.filter { $0.groups.contains(group) } } ?? run.inventory
        guard !members.isEmpty else { throw StepRefusal("the inventory has no host in group \(wanted ?? "all")") }
        return members.sorted { $0.node < $1.node }
    }

    private func entry(_ member: InventoryMember, in world: World) throws -> String {
        guard let address = member.address ?? world.nodes[member.node]?.internalAddresses.first else {
            throw StepRefusal(
                "neither the inventory nor a Node has an address of host \(member.host): give it ip (or an address as ansible_host)"
            )
        }
        var names = [member.node.rawValue]
        if let domain { names.insert("\(member.node).\(domain)", at: 0) }
        if !names.contains(member.host) { names.append(member.host) }
        return "\(address) \(names.joined(separator: " "))"
    }
}
