import FleetExpressions
import FleetJournal
import FleetModel
import FleetPlanning
import FleetPorts
import FleetRun

/// Hosts that a provider's command makes for those that leave: named when planning, made when a run begins.
struct ProvidedHosts {
    let provider: HostProvider
    let playbook: LoadedPlaybook
    let plan: Plan
    /// The run for which it is called.
    let run: RunID
    let journal: SQLiteJournal
    let output: Output

    /// What comes in for hosts that leave: their like, under new names, with nothing that is the old machine's own.
    static func planned(for leaving: [Host]) -> [Host] {
        leaving.map { old in
            var host = old
            host.name = HostName(HostProvider.successor(of: old.name.rawValue))
            host.node = NodeName(HostProvider.successor(of: old.node.rawValue))
            for own in ["kubernetes_node", "ansible_host", "ansible_ssh_host", "ip"] { host.variables.own[own] = nil }
            host.connection.address = host.name.rawValue
            return host
        }
    }

    /// Makes what the provider does not list of some waves' newcomers, and returns the hosts with their addresses.
    func make(_ waves: [PlannedWave], of hosts: [Host]) async throws -> [Host] {
        let wanted = waves.flatMap(\.targets).filter { $0.isNewcomer == true }
        guard !wanted.isEmpty else { return hosts }
        var known = try await call(.list)
        let present = Set(known.map(\.name))
        let missing = wanted.filter { !present.contains($0.host) }.map(request)
        if !missing.isEmpty {
            output.progress(
                "making \(missing.map(\.name).joined(separator: ", ")) by \(provider.command.joined(separator: " "))")
            known += try await create(missing)
        }
        let addresses = Dictionary(known.map { ($0.name, $0.address ?? $0.name) }, uniquingKeysWith: { $1 })
        if let lost = missing.first(where: { addresses[$0.name] == nil }) {
            throw Refusal("\(provider.command.joined(separator: " ")) create: its answer has no host \"\(lost.name)\"")
        }
        // Where the others are reached is the inventory's to say.
        let newcomers = Set(wanted.map(\.host))
        return hosts.map { host in
            var host = host
            if newcomers.contains(host.name.rawValue), let address = addresses[host.name.rawValue] {
                host.connection.address = address
            }
            return host
        }
    }

    /// The machines that are to be deleted, as the rule of the core says.
    ///
    /// - Parameter isAgain: only those whose deletion was asked for before, in vain.
    func retired(after progress: PlanProgress, isAgain: Bool) async throws -> [PlanTarget] {
        RetiredMachines(provider: provider, steps: playbook.steps).due(
            of: plan, finished: progress.finished,
            told: Self.deletions(in: try await journal.acts(), of: Set(progress.runs.map(\.stored.id))),
            isAgain: isAgain)
    }

    /// What came of the deletions that some runs asked for, by the host's name.
    private static func deletions(
        in acts: [OperatorAct], of runs: Set<RunID>
    ) -> [String: Set<OperatorAct.Outcome>] {
        let own = acts.filter { $0.what == name(of: .delete) && $0.run.map(runs.contains) == true }
        return Dictionary(grouping: own) { $0.subject ?? "" }.mapValues { Set($0.compactMap(\.outcome)) }
    }

    /// The first of some ended runs whose pinned plan still owes deletions; nil where none does.
    static func owing(_ ended: [StoredRun], in journal: SQLiteJournal) async throws -> StoredRun? {
        let acts = try await journal.acts().filter { $0.what == name(of: .delete) }
        guard !acts.isEmpty else { return nil }
        let runs = try await journal.runs()
        for run in ended where acts.contains(where: { $0.run == run.id }) {
            let plan = try await journal.plan(cluster: run.cluster, playbook: run.playbook, name: run.planName)
            guard let plan, plan.digest == run.planDigest, plan.pin == run.pin else { continue }
            let own = runs.filter { $0.cluster == run.cluster && $0.planDigest == run.planDigest && $0.pin == run.pin }
            if RetiredMachines.areOwed(deletions(in: acts, of: Set(own.map(\.id)))) { return run }
        }
        return nil
    }

    /// Deletes machines, as far as the provider lists them; those whose Nodes are there again stay for good.
    ///
    /// That it is asked for is noted before anything else: what fails from then on is asked for again.
    func delete(_ machines: [PlanTarget], sparing nodes: () async throws -> Set<NodeName>) async throws {
        guard !machines.isEmpty else { return }
        try await note(.delete, machines.map(request), .asked)
        do {
            let nodes = try await nodes()
            let parts = RetiredMachines.Division(
                machines, nodes: nodes, listed: Set(try await call(.list).map(\.name)))
            for target in parts.kept {
                output.warning("Node \(target.node) is in the cluster again: its machine \(target.host) is not deleted")
            }
            let due = parts.deleted.map(request)
            if !due.isEmpty {
                let names = due.map(\.name).joined(separator: ", ")
                output.progress("deleting \(names) by \(provider.command.joined(separator: " "))")
                _ = try await call(.delete, due)
            }
            try await note(.delete, due, .done)
            try await note(.delete, parts.unlisted.map(request), .done, "it was not listed")
            try await note(.delete, parts.kept.map(request), .done, "kept: its Node is in the cluster again")
        } catch {
            try await note(.delete, machines.map(request), .failed)
            throw error
        }
    }

    /// Asks for machines; that they are asked for, and what came of it, is noted one by one.
    private func create(_ hosts: [ProviderProcess.Request.Host]) async throws -> [ProviderProcess.Answer.Host] {
        try await note(.create, hosts, .asked)
        do {
            let answer = try await call(.create, hosts)
            try await note(.create, hosts, .done)
            return answer
        } catch {
            try await note(.create, hosts, .failed)
            throw error
        }
    }

    /// How the creation of machines is called among an operator's acts.
    static let creation = name(of: .create)

    private static func name(of action: ProviderProcess.Action) -> String { "provider \(action.rawValue)" }

    /// A provider's words are no part of it: what a command prints when it fails may hold a secret, and a journal is kept.
    private func note(
        _ action: ProviderProcess.Action, _ hosts: [ProviderProcess.Request.Host], _ outcome: OperatorAct.Outcome,
        _ detail: String? = nil
    ) async throws {
        try await journal.note(
            hosts.map { host in
                .now(
                    Self.name(of: action), on: host.name, outcome: outcome,
                    detail ?? host.replaces.map { "for \($0)" } ?? "",
                    in: plan.cluster, for: run)
            })
    }

    private func request(_ target: PlanTarget) -> ProviderProcess.Request.Host {
        let old = plan.leavers.first { HostProvider.successor(of: $0.host) == target.host }
        return ProviderProcess.Request.Host(
            name: target.host, zone: target.zone?.rawValue, pool: target.pool?.rawValue,
            replaces: target.isNewcomer == true ? old?.host : nil)
    }

    private func call(
        _ action: ProviderProcess.Action, _ hosts: [ProviderProcess.Request.Host] = []
    ) async throws -> [ProviderProcess.Answer.Host] {
        let folder = playbook.path.lastIndex(of: "/").map { String(playbook.path[..<$0]) } ?? "."
        let request = ProviderProcess.Request(
            action: action, cluster: plan.cluster.rawValue, plan: plan.name, hosts: hosts)
        return try await ProviderProcess(provider: provider, folder: Paths.expanded(folder.isEmpty ? "/" : folder))
            .call(request)
    }
}
