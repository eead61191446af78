import FleetModel

extension HealthCheck {
    /// What is worse than at the start; nil when nothing is.
    ///
    /// What failed by itself when it was accepted as normal may go on failing.
    func problem(in reading: HealthReading, against start: HealthReading?) -> String? {
        if let problem = reading.problem { return start?.problem == nil ? problem : nil }
        return start.flatMap { regression(from: $0, to: reading) }
    }

    private func regression(from start: HealthReading, to now: HealthReading) -> String? {
        switch kind {
        case .readyNodes: fewerNodes(start, now)
        case .pendingPods(let more): morePods(start, now, more)
        case .budgets: brokenBudgets(start, now)
        case .probe: nil
        case .metric(_, let bounds): drift(start, now, bounds)
        }
    }

    private func fewerNodes(_ start: HealthReading, _ now: HealthReading) -> String? {
        let lost = start.values.filter { (now.values[$0.key] ?? 0) < $0.value }.sorted { $0.key < $1.key }
        guard !lost.isEmpty else { return nil }
        let zones = lost.map { zone, count in
            let place = zone.isEmpty ? "outside any zone" : "in zone \(zone)"
            return
                "\(Self.words(now.values[zone] ?? 0)) Ready Nodes \(place) besides the run's own, \(Self.words(count)) at the start"
        }
        return zones.joined(separator: "; ") + Self.list(now.notes, "not Ready")
    }

    private func morePods(_ start: HealthReading, _ now: HealthReading, _ more: Int) -> String? {
        let (before, after) = (start.values["pods"] ?? 0, now.values["pods"] ?? 0)
        guard after > before + Double(more) else { return nil }
        let allowed = more == 0 ? "" : " (\(more) more are permitted)"
        return "\(Self.words(after)) pods are Pending, \(Self.words(before)) were at the start\(allowed)"
            + Self.list(now.notes, "such as")
    }

    private func brokenBudgets(_ start: HealthReading, _ now: HealthReading) -> String? {
        let broken = now.values.keys.filter { start.values[$0] == nil }.sorted()
        guard !broken.isEmpty else { return nil }
        return (now.notes ?? []).filter { note in broken.contains { note.hasPrefix("\($0) ") } }.joined(separator: "; ")
    }

    private func drift(_ start: HealthReading, _ now: HealthReading, _ bounds: MetricBounds) -> String? {
        if let share = bounds.mostIncrease, let before = start.values["highest"], let after = now.values["highest"],
            after > before + abs(before) * share
        {
            return
                "\(Self.words(after)), which is more than \(Self.words(share * 100))% above \(Self.words(before)) at the start"
        }
        if let share = bounds.mostDecrease, let before = start.values["lowest"], let after = now.values["lowest"],
            after < before - abs(before) * share
        {
            return
                "\(Self.words(after)), which is more than \(Self.words(share * 100))% below \(Self.words(before)) at the start"
        }
        return nil
    }

    private static func list(_ notes: [String]?, _ what: String) -> String {
        guard let notes, !notes.isEmpty else { return "" }
        let more = notes.count > 3 ? " and \(notes.count - 3) more" : ""
        return "; \(what): \(notes.prefix(3).joined(separator: ", "))\(more)"
    }

    /// A number without needless zeros.
    static func words(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    }
}
