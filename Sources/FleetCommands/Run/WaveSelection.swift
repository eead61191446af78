import ArgumentParser
import FleetModel
import FleetPlanning

/// Which waves of the pinned plan are run: `--wave 3`, `--waves 2-5`, or all that are left.
struct WaveSelection {
    /// The range asked for; nil means all that are left.
    var range: ClosedRange<Int>?
    /// Whether earlier waves may be unfinished.
    var isOutOfOrder: Bool

    /// Reads the options; throws `UsageError`.
    init(wave: Int?, waves: String?, isOutOfOrder: Bool) throws {
        self.isOutOfOrder = isOutOfOrder
        if wave != nil, waves != nil { throw UsageError("give --wave or --waves, not both") }
        range = try wave.map { $0...$0 } ?? waves.map(Self.range)
        if let range, range.lowerBound < 1 { throw UsageError("waves are numbered from 1") }
    }

    private static func range(_ text: String) throws -> ClosedRange<Int> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else {
            throw UsageError("--waves \"\(text)\" is not a range such as 2-5")
        }
        return first...last
    }

    /// The waves to run, without nodes that are done; refuses what the plan or the order of waves forbids.
    func waves(of plan: Plan, _ progress: PlanProgress) throws -> [PlannedWave] {
        if let range, range.upperBound > plan.waves.count {
            throw UsageError("the plan has \(plan.waves.count) waves; there is no wave \(range.upperBound)")
        }
        let wanted = plan.waves.filter { range?.contains($0.number) ?? true }
        try checkOrder(wanted, plan, progress)
        return wanted.filter { !progress.isFinished($0) }.map { wave in
            PlannedWave(number: wave.number, targets: wave.targets.filter { !progress.finished.contains($0.node) })
        }
    }

    private func checkOrder(_ wanted: [PlannedWave], _ plan: Plan, _ progress: PlanProgress) throws {
        guard !isOutOfOrder, let first = wanted.first?.number else { return }
        guard let open = plan.waves.first(where: { $0.number < first && !progress.isFinished($0) }) else { return }
        let left = open.targets.filter { !progress.finished.contains($0.node) }.map(\.node.rawValue)
        throw Refusal(
            "wave \(first) cannot start: wave \(open.number) is unfinished (\(left.joined(separator: ", ")))",
            hint: "run wave \(open.number) first, or say --out-of-order"
        )
    }
}
