import FleetModel

/// Which zone's pods of a workload are on the move: with `order: zone-by-zone` never those of two zones at once.
///
/// A zone's turn ends when every pod that was asked to leave it is gone and the workload has as many Ready pods as
/// before, or as it wants now (safety rule 15).
struct ZoneTurns: Sendable {
    private struct Turn {
        var zone: Zone?
        var readyBefore: Int
        var leaving: Set<ObjectUID> = []
    }

    private var turns: [ObjectUID: Turn] = [:]

    /// The zone that must be whole again before pods of another one may go, and whether pods are still leaving it; nil
    /// when the zone's own pods may go.
    func holder(of workload: ObjectUID, against zone: Zone?, in world: World) -> (zone: Zone?, isLeaving: Bool)? {
        guard let turn = turns[workload], turn.zone != zone, !isOver(turn, of: workload, in: world) else { return nil }
        return (turn.zone, !turn.leaving.isEmpty)
    }

    private func isOver(_ turn: Turn, of workload: ObjectUID, in world: World) -> Bool {
        let wanted = min(world.workloads[workload]?.replicas ?? turn.readyBefore, turn.readyBefore)
        return turn.leaving.isEmpty && world.readyPods(of: workload) >= wanted
    }

    /// A pod of the workload is asked to leave the zone.
    mutating func take(_ pod: ObjectUID, of workload: ObjectUID, _ zone: Zone?, in world: World) {
        let current = turns[workload].flatMap { isOver($0, of: workload, in: world) ? nil : $0 }
        var turn = current ?? Turn(zone: zone, readyBefore: world.readyPods(of: workload))
        turn.leaving.insert(pod)
        turns[workload] = turn
    }

    /// A pod of the workload is gone, or stays after all.
    mutating func release(_ pod: ObjectUID, of workload: ObjectUID) { turns[workload]?.leaving.remove(pod) }

    /// After a crash: pods left the zone when the workload had so many Ready ones.
    mutating func remember(_ workload: ObjectUID, _ zone: Zone?, readyBefore: Int, in world: World) {
        let turn = Turn(zone: zone, readyBefore: readyBefore)
        if turns[workload] == nil, !isOver(turn, of: workload, in: world) { turns[workload] = turn }
    }
}
