import FleetModel

/// What makes two plans the same: cluster, playbook content, targets and waves.
enum PlanDigest {
    static func digest(of plan: Plan, playbookDigest: String) -> String {
        var canonical = Canonical()
        canonical.add("fleet plan 1")
        canonical.add(plan.cluster.rawValue)
        canonical.add(plan.playbook)
        canonical.add(playbookDigest)
        for wave in plan.waves {
            canonical.add("wave \(wave.number) \(wave.targets.count)")
            for target in wave.targets { add(target, to: &canonical) }
        }
        return canonical.digest.hexadecimal
    }

    private static func add(_ target: PlanTarget, to canonical: inout Canonical) {
        canonical.add(target.host)
        canonical.add(target.node.rawValue)
        canonical.add(target.nodeUID?.rawValue ?? "")
        canonical.add(target.machineID)
        canonical.add(target.systemUUID)
        canonical.add(target.internalAddresses.sorted().joined(separator: ","))
        canonical.add(target.zone?.rawValue ?? "")
        canonical.add(target.pool?.rawValue ?? "")
        canonical.add(target.isControlPlane ? "control-plane" : "worker")
        if target.isNewcomer == true { canonical.add("newcomer") }
    }

    /// Fields with their lengths, so that no two lists of fields run together.
    private struct Canonical {
        var digest = ContentDigest()

        mutating func add(_ field: String) {
            digest.update("\(field.utf8.count):".utf8)
            digest.update(field.utf8)
        }
    }
}
