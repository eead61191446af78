import FleetExpressions
import FleetJournal
import FleetModel
import FleetPlanning
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
            known += try await change(.create, missing)
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

    /// Deletes the machines of nodes that are out of the cluster, as far as the provider lists them.
    func delete(_ gone: Set<NodeName>) async throws {
        let own = try await owed(gone)
        guard !own.isEmpty else { return }
        output.progress(
            "deleting \(own.map(\.name).joined(separator: ", ")) by \(provider.command.joined(separator: " "))")
        _ = try await change(.delete, own)
    }

    /// Whether the provider still lists machines of nodes that are out.
    func owesDeletion(_ gone: Set<NodeName>) async throws -> Bool { try await !owed(gone).isEmpty }

    private func owed(_ gone: Set<NodeName>) async throws -> [ProviderProcess.Request.Host] {
        let old = RetiredMachines(provider: provider, steps: playbook.steps).targets(of: plan, finished: gone)
        guard !old.isEmpty else { return [] }
        let present = Set(try await call(.list).map(\.name))
        return old.filter { present.contains($0.host) }.map(request)
    }

    /// Asks for a change; that it is asked for, and what came of it, is noted machine by machine.
    private func change(
        _ action: ProviderProcess.Action, _ hosts: [ProviderProcess.Request.Host]
    ) async throws -> [ProviderProcess.Answer.Host] {
        try await note(action, hosts, "asked for")
        do {
            let answer = try await call(action, hosts)
            try await note(action, hosts, "done")
            return answer
        } catch let error as Refusal {
            try await note(action, hosts, "failed: \(error.message)")
            throw error
        }
    }

    /// How the creation of machines is called among an operator's acts.
    static let creation = name(of: .create)

    private static func name(of action: ProviderProcess.Action) -> String { "provider \(action.rawValue)" }

    private func note(
        _ action: ProviderProcess.Action, _ hosts: [ProviderProcess.Request.Host], _ words: String
    ) async throws {
        let acts = hosts.map { host in
            let place = host.replaces.map { " for \($0)" } ?? ""
            return OperatorAct.now(
                Self.name(of: action), "\(host.name)\(place): \(words)", in: plan.cluster, for: run)
        }
        try await journal.note(acts)
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
