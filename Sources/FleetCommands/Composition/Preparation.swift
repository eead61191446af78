import FleetExpressions
import FleetJournal
import FleetKubernetes
import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun

/// The options that `plan`, `run` and `resume` share.
struct PlanSource {
    var playbook: String
    var planName: String?
    var inventory: InventoryOptions
    var cluster: ClusterOptions
    var state: StateOptions
    var hosts: HostOptions
}

extension PlanSource {
    /// A playbook with the options of a command that plans.
    init(playbook: String, planName: String?, options: PlanOptions) {
        self.init(
            playbook: playbook, planName: planName, inventory: options.inventory, cluster: options.cluster,
            state: options.state, hosts: options.hosts)
    }
}

/// Everything that a plan or a run is made of: playbook, inventory, cluster, journal, and the plan itself.
struct Preparation: Sendable {
    var playbook: LoadedPlaybook
    var inventory: LoadedInventory
    var client: KubernetesClient
    var journal: SQLiteJournal
    var snapshot: ClusterSnapshot
    /// The plan made now, and the pinned one if there is one.
    var current: Plan
    var pinned: Plan?
    /// The name of that pinning.
    var pin: String?
    var request: PlanRequest
    var hosts: [FleetModel.Host]
    var extra: VariableMapping
    /// How hosts join the cluster; nil when no step joins.
    var entrance: ClusterEntrance?

    /// The plan that counts: the pinned one, else the one made now.
    var plan: Plan { pinned ?? current }

    /// Reads everything, plans, and hands it to a body; the connections are closed afterwards.
    ///
    /// A run asks for the API server's version only where that may decide something, what looks at a plan always.
    static func with<Result>(
        _ source: PlanSource, isForRun: Bool = false, _ body: (Preparation) async throws -> Result
    ) async throws -> Result {
        let preparation = try await prepare(source, isForRun)
        do {
            let result = try await body(preparation)
            await preparation.client.shutdown()
            return result
        } catch {
            await preparation.client.shutdown()
            throw error
        }
    }

    /// Reads everything and plans; changes nothing.
    private static func prepare(_ source: PlanSource, _ isForRun: Bool) async throws -> Preparation {
        let playbook = try LoadedPlaybook.load(source.playbook)
        let extra = try ExtraVariables.parse(source.inventory.extraVars)
        let files = try LoadedInventory.load(source.inventory)
        let client = KubernetesClient(connection: try source.cluster.connection())
        do {
            return try await prepare(source, playbook, extra, files, client, isForRun)
        } catch {
            await client.shutdown()
            throw error
        }
    }

    private static func prepare(
        _ source: PlanSource, _ playbook: LoadedPlaybook, _ extra: VariableMapping, _ files: LoadedInventory?,
        _ client: KubernetesClient, _ isForRun: Bool
    ) async throws -> Preparation {
        let reading = try await client.read()
        let snapshot = reading.snapshot
        let journal = try SQLiteJournal.open(source.state)
        let name = source.planName ?? playbook.header.name
        let stored = try await journal.plan(cluster: snapshot.clusterUID, playbook: playbook.header.name, name: name)
        let pinned = try stored.map(PinnedPlan.decode)
        let inventory = files ?? .nodes(of: snapshot, and: pinned)
        let chosen = try chooseHosts(source, playbook, inventory, snapshot, pinned)
        let spares = try inventory.spares(of: playbook.outline, for: chosen.placed(in: snapshot, pinned))
        let newcomers = Set(spares.map(\.name))
        let hosts = chosen.filter { !newcomers.contains($0.name) }
        var request = PlanRequest(
            snapshot: snapshot, playbook: playbook.header, playbookDigest: playbook.digest, steps: playbook.summaries,
            hosts: hosts, name: name, criticalPods: playbook.checks.criticalPods, pinned: pinned
        )
        request.spares = spares
        request.versions = playbook.versions(hosts: hosts, spares: spares, extra: extra)
        if !isForRun || request.dependsOnServerVersion {
            request.snapshot.serverVersion = try await client.serverVersion()
        }
        if playbook.summaries.contains(where: \.joins) {
            request.controllerManager = try await client.controllerManagerArguments()
            request.kubelets = try await client.kubeletSettings()
        }
        let undefined = playbook.undefinedVariables(
            hosts: hosts.placed(in: snapshot), spares: spares.placed(in: snapshot), extra: extra)
        if let failure = Diagnostics(undefined) { throw failure }
        return Preparation(
            playbook: playbook, inventory: inventory, client: client.following(reading), journal: journal,
            snapshot: snapshot, current: Planner.plan(request), pinned: pinned, pin: stored?.pin,
            request: request, hosts: hosts + spares, extra: extra,
            entrance: playbook.summaries.contains(where: \.joins) ? try await entrance(by: client) : nil
        )
    }

    /// What kubeadm published of the cluster, if it speaks of the cluster that the kubeconfig names.
    private static func entrance(by client: KubernetesClient) async throws -> ClusterEntrance? {
        guard let info = try await client.clusterInfo() else { return nil }
        let known = client.connection.certificateAuthorityDigests
        guard known.isEmpty || !Set(known).isDisjoint(with: info.authorityDigests) else {
            throw Refusal(
                "ConfigMap kube-public/cluster-info shows another CA than the kubeconfig: hosts would join another cluster",
                hint: "see which of the two is out of date; nothing was changed")
        }
        let seed = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined(separator: "-")
        return ClusterEntrance(endpoint: info.endpoint, authorityPins: info.authorityPins, seed: SecretText(seed))
    }

    /// The hosts of pattern and limit; without a limit those of the pinned plan (safety rules 1 and 24).
    static func chooseHosts(
        _ source: PlanSource, _ playbook: LoadedPlaybook, _ inventory: LoadedInventory, _ snapshot: ClusterSnapshot,
        _ pinned: Plan?
    ) throws -> [Host] {
        let limit = source.inventory.limit
        if limit == nil, pinned == nil, playbook.header.requiresLimit {
            throw UsageError(
                "playbook \(playbook.header.name) needs --limit: it never takes every host of \"\(playbook.header.hosts)\" by accident",
                hint: "for example: --limit 'zone=a', --limit 'node[01:10]', or --limit all if you mean it"
            )
        }
        let hosts = try inventory.hosts(of: playbook.outline, limit: limit, snapshot: snapshot)
        guard limit == nil, let pinned else { return hosts }
        let wanted = Set(pinned.targets.map(\.host))
        return hosts.filter { wanted.contains($0.name.rawValue) }
    }

    /// What differs between the pinned plan and the one made now.
    var drift: [String] { pinned.map { PlanDrift.differences(from: $0, to: current) } ?? [] }

    /// The hosts' variables by node, for templates and conditions.
    var scopes: [NodeName: VariableScope] {
        let pairs = hosts.placed(in: snapshot).map { host in
            (host.node, VariableScope(host: host, playbook: playbook.header.variables, extra: extra))
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    /// Every host that steps may know of: the inventory's, and those that a provider makes.
    var members: [InventoryMember] {
        let known = Set(inventory.inventory.hosts.map(\.name))
        return (inventory.inventory.hosts + hosts.filter { !known.contains($0.name) }).map(InventoryMember.init)
    }

    /// Control-plane hosts that are asked for others' sake: for tokens where the API makes none, for etcd's members.
    private var askedHosts: [FleetModel.Host] {
        guard playbook.steps.contains(where: { $0.step.traits.contains(.asksControlPlane) }) else { return [] }
        return inventory.inventory.hosts.filter { $0.groups.contains("kube_control_plane") }
    }

    /// How the targets' hosts are reached; empty when no step needs them.
    func endpoints(_ options: HostOptions) throws -> [NodeName: HostEndpoint] {
        guard playbook.summaries.contains(where: \.touchesHost) else { return [:] }
        let resolver = try Endpoints(try options.withDefaults())
        var endpoints: [NodeName: HostEndpoint] = [:]
        for host in hosts + askedHosts { endpoints[host.node] = try resolver.endpoint(of: host) }
        return endpoints
    }
}

extension [FleetModel.Host] {
    /// The hosts with the zones of their Nodes, where the inventory says none.
    fileprivate func placed(in snapshot: ClusterSnapshot, _ pinned: Plan? = nil) -> [FleetModel.Host] {
        let planned = Dictionary(
            (pinned?.targets ?? []).map { ($0.node, $0.zone) }, uniquingKeysWith: { first, _ in first })
        let nodes = Dictionary(snapshot.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return map { host in
            var host = host
            host.zone = host.zone ?? nodes[host.node]?.zone ?? planned[host.node] ?? nil
            return host
        }
    }
}

/// `-e name=value`.
enum ExtraVariables {
    static func parse(_ texts: [String]) throws -> VariableMapping {
        var variables = VariableMapping()
        for (index, text) in texts.enumerated() {
            // By scalars: "=" before a combining mark would be another Character. The text may be a password.
            guard let equals = text.unicodeScalars.firstIndex(of: "="), equals > text.startIndex else {
                throw UsageError("--extra-vars number \(index + 1) is not name=value")
            }
            let value = String(text.unicodeScalars[text.unicodeScalars.index(after: equals)...])
            variables[String(text.unicodeScalars[..<equals])] = PlainScalar.value(of: value)
        }
        return variables
    }
}

extension ClusterOptions {
    /// The cluster that the options and the kubeconfig name.
    ///
    /// A default context is one of the default kubeconfig: where another file is named, its own current-context holds.
    func connection() throws -> ClusterConnection {
        let defaults = try Defaults.load()
        let path = kubeconfig ?? defaults.kubeconfig
        let chosen = context ?? (kubeconfig == nil ? defaults.context : nil)
        return try Kubeconfig(explicitPath: path.map(Paths.expanded), context: chosen).connection()
    }
}

extension SQLiteJournal {
    /// The journal that the options name.
    static func open(_ options: StateOptions) throws -> SQLiteJournal {
        try SQLiteJournal(path: options.path(), fleetVersion: FleetCommand.version)
    }
}
