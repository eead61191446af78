import FleetModel
import FleetPlanning
import FleetPorts
import Foundation

/// Plans as the journal keeps them.
enum PinnedPlan {
    /// Reads a pinned plan.
    static func decode(_ stored: StoredPlan) throws -> Plan {
        do {
            let plan = try JSONDecoder().decode(Plan.self, from: Data(stored.content))
            if let problem = plan.implausibility { throw UsageError(problem) }
            return plan
        } catch {
            throw Refusal(
                "the pinned plan \"\(stored.name)\" of playbook \(stored.playbook) cannot be read: \(error)",
                hint: "it was pinned by another version of fleet; drop it with: fleet plan \(stored.playbook) --drop"
            )
        }
    }

    /// What is stored of a plan; findings and forecast belong to the moment and are left out.
    static func encode(_ plan: Plan, at time: Instant) throws -> StoredPlan {
        var content = plan
        content.findings = []
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return StoredPlan(
            cluster: plan.cluster, playbook: plan.playbook, name: plan.name, digest: plan.digest, pinnedAt: time,
            content: Array(try encoder.encode(content)), pin: UUID().uuidString.lowercased()
        )
    }
}
