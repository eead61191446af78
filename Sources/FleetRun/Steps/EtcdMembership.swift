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
    /// The client URLs of an etcd outside the control plane that the host asked could not ask itself.
    let unasked: [String]

    /// Reads the answer; nil where it broke off or names nobody.
    init?(_ answer: NodeAnswer) {
        guard answer.last("end") == "yes" else { return nil }
        unasked = answer.all("unasked")
        members = answer.all("member").map { line in
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return Member(name: parts[0], peers: parts.count > 1 ? parts[1] : "")
        }
        healthy = answer.all("healthy")
        if members.isEmpty, unasked.isEmpty { return nil }
    }

    /// The member on a target's host, by name or by address.
    func member(on target: PlanTarget) -> Member? {
        members.first { member in
            [target.node.rawValue, target.host].contains(member.name)
                || target.internalAddresses.contains { Self.isAddress($0, in: member.peers) }
        }
    }

    /// Why the member on a target's host may not go for good: the others must have a quorum without it, and there must
    /// be others (safety rule 3).
    func refusal(taking target: PlanTarget) -> String? {
        if let own = member(on: target), members == [own] { return "its etcd member \(own.name) is the last one" }
        return doubt(without: target)
    }

    /// Why etcd may lose its quorum while a target's host is away; nil where the host is no member, or the only one: then
    /// nothing keeps a quorum, and whoever works on it knows.
    func doubt(without target: PlanTarget) -> String? {
        if let words = unaskedMember(on: target) { return words }
        guard let own = member(on: target), members.count > 1 else { return nil }
        let rest = members.filter { $0 != own }
        let hosts = Set(Self.hosts(in: own.peers))
        let well = healthy.count { url in Self.hosts(in: url).allSatisfy { !hosts.contains($0) } }
        let quorum = rest.count / 2 + 1
        return well < quorum
            ? "of the \(rest.count) other members of etcd \(well) are healthy, and \(quorum) must be" : nil
    }

    /// Why etcd is not as it should be after work on a target's host: its member is ill, or the quorum is gone.
    func doubt(after target: PlanTarget) -> String? {
        if let words = unaskedMember(on: target) { return words }
        if let own = member(on: target) {
            let hosts = Set(Self.hosts(in: own.peers))
            guard healthy.contains(where: { Self.hosts(in: $0).contains(where: hosts.contains) }) else {
                return "its etcd member \(own.name) is not healthy"
            }
        }
        let quorum = members.count / 2 + 1
        return !members.isEmpty && healthy.count < quorum
            ? "of the \(members.count) members of etcd \(healthy.count) are healthy, and \(quorum) must be" : nil
    }

    private func unaskedMember(on target: PlanTarget) -> String? {
        let names = [target.node.rawValue, target.host] + target.internalAddresses
        guard let url = unasked.first(where: { url in names.contains { Self.isAddress($0, in: url) } }) else {
            return nil
        }
        return "it is a member of the etcd at \(url), which no control-plane host can ask: install etcdctl there"
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

extension StepContext {
    /// The question to one of the other control-plane hosts who is a member of etcd, to each in turn; to the target's own
    /// where there is no other.
    func etcdQuestion(_ key: String, mayAskItself: Bool) throws(StepRefusal) -> StepOperation {
        var hosts = run.controlPlane.filter { $0 != target.node }
        if hosts.isEmpty, mayAskItself { hosts = run.controlPlane }
        guard !hosts.isEmpty else {
            throw StepRefusal("the inventory has no other host in group kube_control_plane to ask about etcd")
        }
        guard let authority = run.clusterAuthority else {
            throw StepRefusal("the kubeconfig names no CA by which a control-plane host could be known")
        }
        let host = hosts[(memory.acts[key]?.attempts ?? 0) % hosts.count]
        return StepOperation(
            key: key, title: "ask \(host) for etcd's members", .otherHost(host, .etcdMembers(authority: authority)))
    }
}

extension OperationResult {
    /// etcd's members as a control-plane host told them, or why it did not.
    var etcd: Result<EtcdMembership, StepRefusal> {
        if isSuccess, let membership = EtcdMembership(NodeAnswer(output)) { return .success(membership) }
        return .failure(StepRefusal(HostChangeReport(NodeAnswer(output)).failure ?? words))
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
        let question: StepOperation
        do throws(StepRefusal) { question = try context.etcdQuestion(key, mayAskItself: false) } catch {
            return .other(.failed("\(error); nothing was removed"))
        }
        let (result, next) = context.answer(to: question)
        switch result?.etcd {
        case nil: return .other(next)
        case .success(let membership): return .known(membership)
        case .failure(let refusal):
            let told = OperationResult(isSuccess: false, code: result?.code ?? "", message: refusal.description)
            return .other(context.retried(question, after: told, isPassing: true))
        }
    }
}
