import FleetModel
import FleetPlanning

/// What one of etcd's members says of all of them.
struct EtcdMembership {
    /// A member: its name, and the URLs at which the others reach it.
    struct Member: Hashable {
        var name: String
        var peers: String
    }

    let members: [Member]
    /// The client URLs that answered as healthy.
    let healthy: [String]

    /// Reads the answer; nil where it broke off or names nobody.
    init?(_ answer: NodeAnswer) {
        guard answer.last("end") == "yes" else { return nil }
        members = answer.all("member").map { line in
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return Member(name: parts[0], peers: parts.count > 1 ? parts[1] : "")
        }
        healthy = answer.all("healthy")
        if members.isEmpty { return nil }
    }

    /// The member on a target's host, by name or by address.
    func member(on target: PlanTarget) -> Member? {
        members.first { member in
            [target.node.rawValue, target.host].contains(member.name)
                || target.internalAddresses.contains { Self.isAddress($0, in: member.peers) }
        }
    }

    /// Why the member on a target's host may not go: the others must have a quorum without it (safety rule 3).
    func refusal(taking target: PlanTarget) -> String? {
        guard let own = member(on: target) else { return nil }
        let rest = members.filter { $0 != own }
        guard !rest.isEmpty else { return "its etcd member \(own.name) is the last one" }
        let hosts = Set(Self.hosts(in: own.peers))
        let well = healthy.count { url in Self.hosts(in: url).allSatisfy { !hosts.contains($0) } }
        let quorum = rest.count / 2 + 1
        return well < quorum
            ? "of the \(rest.count) other members of etcd \(well) are healthy, and \(quorum) must be" : nil
    }

    private static func isAddress(_ address: String, in urls: String) -> Bool { hosts(in: urls).contains(address) }

    /// The hosts of URLs such as `https://10.0.0.1:2380` and `https://[fd00::1]:2380`.
    private static func hosts(in urls: String) -> [String] {
        urls.split(whereSeparator: { $0 == ";" || $0 == "," || $0 == " " }).compactMap { url in
            let place = url.split(separator: "//", maxSplits: 1).last ?? url
            let host = place.lastIndex(of: ":").map { place[..<$0] } ?? place
            return host.isEmpty ? nil : String(host).trimmingBrackets
        }
    }
}

extension String {
    /// Without the brackets of an IPv6 address in a URL.
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}

extension CleanupStep {
    /// What another control-plane host says, or what to do until it does.
    private enum Answer {
        case known(EtcdMembership)
        case other(StepProgress)
    }

    /// Before a control-plane host is reset, the other members of etcd must be a quorum without it; nil lets it go on.
    func beforeReset(in context: StepContext) -> StepProgress? {
        guard context.run.isForControlPlane, context.memory.acts["apply"] == nil else { return nil }
        switch members("members before", in: context) {
        case .other(let progress): return progress
        case .known(let membership):
            return membership.refusal(taking: context.target).map { .failed("\($0); nothing was removed") }
        }
    }

    /// After the reset `/var/lib/etcd` goes, once another host says that the member is gone: kubeadm only warns; nil when
    /// it is done, or was not asked for.
    func afterReset(in context: StepContext) -> StepProgress? {
        guard removesEtcd else { return nil }
        switch members("members after", in: context) {
        case .other(let progress): return progress
        case .known(let membership):
            if let member = membership.member(on: context.target) {
                return .failed(
                    "etcd still has the member \(member.name) (kubeadm reset did not remove it): etcdctl member remove; /var/lib/etcd was left"
                )
            }
        }
        var options = options(.apply, in: context)
        options.etcd = true
        let (result, next) = context.command(
            "etcd", "remove /var/lib/etcd", HostCommand(script: NodeScript.cleanup(options), timeoutSeconds: 120),
            isRepeatable: true)
        guard let result else { return next }
        return result.isSuccess
            ? nil : .failed("/var/lib/etcd: \(CleanupReport(NodeAnswer(result.output)).words(or: result))")
    }

    /// Asks one other control-plane host after another, while they cannot be reached or run no etcd.
    private func members(_ key: String, in context: StepContext) -> Answer {
        let hosts = context.run.controlPlane.filter { $0 != context.target.node }
        guard !hosts.isEmpty else {
            return .other(.failed("the inventory has no other host in group kube_control_plane; nothing was removed"))
        }
        guard let authority = context.run.clusterAuthority else {
            return .other(.failed("the kubeconfig names no CA by which a control-plane host could be known"))
        }
        let act = context.memory.acts[key]
        let operation = StepOperation(
            key: key, title: "ask \(hosts[(act?.attempts ?? 0) % hosts.count]) for etcd's members",
            .otherHost(hosts[(act?.attempts ?? 0) % hosts.count], .etcdMembers(authority: authority)))
        switch act?.state {
        case nil, .inDoubt: return .other(.perform([operation], waitingFor: "etcd's members"))
        case .inFlight: return .other(.wait("etcd's members"))
        case .finished(let result):
            if result.isSuccess, let membership = EtcdMembership(NodeAnswer(result.output)) {
                return .known(membership)
            }
            var told = result
            told.message = HostChangeReport(NodeAnswer(result.output)).failure ?? result.message
            return .other(context.retried(operation, after: told, isPassing: true))
        }
    }
}
