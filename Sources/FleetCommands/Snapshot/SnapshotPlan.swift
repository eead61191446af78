import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRun

/// A plan made of a snapshot in a file: nothing is asked of any cluster, and no pinned plan is looked at.
struct SnapshotPlan {
    var playbook: LoadedPlaybook
    var inventory: LoadedInventory
    var request: PlanRequest
    var plan: Plan
    var scopes: [NodeName: VariableScope]

    /// Reads playbook, inventory and snapshot, and plans.
    static func make(_ source: PlanSource, of path: String) throws -> SnapshotPlan {
        let playbook = try LoadedPlaybook.load(source.playbook)
        let extra = try ExtraVariables.parse(source.inventory.extraVars)
        let files = try LoadedInventory.load(source.inventory)
        let snapshot = try SnapshotFile.read(path)
        let inventory = files ?? .nodes(of: snapshot)
        let chosen = try Preparation.chooseHosts(source, playbook, inventory, snapshot, nil)
        let spares = try inventory.spares(of: playbook.outline, for: chosen)
        let newcomers = Set(spares.map(\.name))
        let hosts = chosen.filter { !newcomers.contains($0.name) }
        var request = PlanRequest(
            snapshot: snapshot, playbook: playbook.header, playbookDigest: playbook.digest, steps: playbook.summaries,
            hosts: hosts, name: source.planName ?? playbook.header.name, criticalPods: playbook.checks.criticalPods
        )
        request.spares = spares
        request.versions = playbook.versions(hosts: hosts, spares: spares, extra: extra)
        let scopes = (hosts + spares).map { host in
            (host.node, VariableScope(host: host, playbook: playbook.header.variables, extra: extra))
        }
        return SnapshotPlan(
            playbook: playbook, inventory: inventory, request: request, plan: Planner.plan(request),
            scopes: Dictionary(scopes, uniquingKeysWith: { first, _ in first })
        )
    }

    /// The same of a cluster that was asked.
    init(_ preparation: Preparation) {
        playbook = preparation.playbook
        inventory = preparation.inventory
        request = preparation.request
        plan = preparation.plan
        scopes = preparation.scopes
    }

    private init(
        playbook: LoadedPlaybook, inventory: LoadedInventory, request: PlanRequest, plan: Plan,
        scopes: [NodeName: VariableScope]
    ) {
        self.playbook = playbook
        self.inventory = inventory
        self.request = request
        self.plan = plan
        self.scopes = scopes
    }
}
