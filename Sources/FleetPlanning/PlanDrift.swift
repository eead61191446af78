import FleetModel

/// How a plan made now differs from the pinned one (safety rule 24).
public enum PlanDrift {
    /// One sentence a difference; empty when there is none.
    public static func differences(from pinned: Plan, to current: Plan) -> [String] {
        guard pinned.digest != current.digest else { return [] }
        let (old, new) = (byHost(pinned), byHost(current))
        var lines = old.keys.sorted().filter { new[$0] == nil }.map { "\($0) is no longer a target" }
        lines += new.keys.sorted().filter { old[$0] == nil }.map { "\($0) was no target when the plan was pinned" }
        for host in old.keys.sorted() {
            guard let before = old[host], let after = new[host] else { continue }
            lines += differences(host, before, after)
        }
        return lines.isEmpty ? ["the playbook's content changed"] : lines
    }

    private typealias Placed = (wave: Int, target: PlanTarget)

    private static func byHost(_ plan: Plan) -> [String: Placed] {
        var hosts: [String: Placed] = [:]
        for wave in plan.waves { for target in wave.targets { hosts[target.host] = (wave.number, target) } }
        return hosts
    }

    private static func differences(_ host: String, _ before: Placed, _ after: Placed) -> [String] {
        var lines: [String] = []
        if before.wave != after.wave { lines.append("\(host) moved from wave \(before.wave) to wave \(after.wave)") }
        if before.target.node != after.target.node {
            lines.append("\(host) is Node \(after.target.node) now, not \(before.target.node)")
        } else if before.target.nodeUID != after.target.nodeUID {
            lines.append("Node \(before.target.node) was deleted and registered again")
        }
        if before.target.machineID != after.target.machineID { lines.append("\(host) has another machine-id") }
        if before.target.zone != after.target.zone {
            lines.append(
                "\(host) is in zone \(after.target.zone?.rawValue ?? "(none)") now, not \(before.target.zone?.rawValue ?? "(none)")"
            )
        }
        return lines
    }
}
