import FleetKubernetes
import FleetModel
import FleetRun

/// Asks the API, before anything is changed, whether it would permit what a run is going to ask.
///
/// Reading was proved by planning, and the lock by taking it: only the steps' own requests are asked about. Where the API
/// answers no such questions nothing is concluded from that.
enum AccessCheck {
    /// Refuses a run that would be forbidden something half-way.
    static func refuse(_ playbook: LoadedPlaybook, by client: KubernetesClient) async throws {
        let forbidden = await client.refused(Set(playbook.ownAccess))
        guard !forbidden.isEmpty else { return }
        let names = forbidden.map(\.description).sorted().joined(separator: ", ")
        throw Refusal(
            "the user of this context may not: \(names); nothing was changed",
            hint: "what the playbook needs is printed by: fleet rbac \(playbook.path)")
    }
}
