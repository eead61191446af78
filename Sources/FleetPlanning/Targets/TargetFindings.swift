import FleetModel

/// What is wrong with the targets themselves: their Nodes, zones, roles, number and owners (safety rules 1–4, 14).
struct TargetFindings {
    private let request: PlanRequest
    private let index: ClusterIndex
    private let plan: Plan
    private let hosts: [String: Host]

    init(_ request: PlanRequest, _ index: ClusterIndex, _ plan: Plan) {
        self.request = request
        self.index = index
        self.plan = plan
        hosts = Dictionary(
            (request.hosts + request.spares).map { ($0.name.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func collect(into groups: inout FindingGroups) {
        countTargets(&groups)
        findDuplicates(&groups)
        keepControlPlane(&groups)
        countSpares(&groups)
        for target in plan.targets {
            judgeHost(target, &groups)
            judgeRole(target, &groups)
            judgeJoin(target, &groups)
            judgeVersion(target, &groups)
            if target.isNewcomer == true { continue }
            if let node = index.nodes[target.node] { judge(node, target, &groups) } else { judgeGone(target, &groups) }
        }
    }

    // MARK: - Number

    private func countTargets(_ groups: inout FindingGroups) {
        let count = plan.leavers.count
        if plan.targets.isEmpty {
            groups.add(
                .blocker, .noTargets, on: plan.playbook,
                "no host is left by hosts: \(request.playbook.hosts) and the limit",
                remedy: "see `fleet inventory list`"
            )
        }
        guard let bound = request.playbook.maxTargets, request.retires || request.steps.contains(where: \.cleans) else {
            return
        }
        let role = request.playbook.isForControlPlane
        let nodes = index.snapshot.nodes.count { $0.hasControlPlaneRole == role }
        let most = if case .count(let count) = bound { count } else { max(1, bound.roundedDown(of: nodes)) }
        guard count > most else { return }
        groups.add(
            .blocker, .tooManyTargets, on: plan.playbook,
            "\(count) targets, but max_targets \(bound) of \(nodes) \(role ? "control-plane" : "worker") nodes "
                + "permits \(most)",
            remedy: "narrow --limit, or raise max_targets in the playbook"
        )
    }

    /// Every node that leaves needs one that comes in its zone and pool (R1, R2).
    private func countSpares(_ groups: inout FindingGroups) {
        guard let spares = request.playbook.spares else { return }
        let join = TargetJoin(request, index)
        let cut = WaveCut(policy: plan.policy, oneByOne: false)
        let shortage = ReplacementCut(
            cut, leaving: plan.leavers, spares: request.spares.compactMap(join.spare)
        ).shortage
        let leaving = Dictionary(grouping: plan.leavers) { ReplacementCut.Place(zone: $0.zone, pool: $0.pool) }
        for (place, missing) in shortage.sorted(by: { $0.key.words < $1.key.words }) {
            let count = leaving[place]?.count ?? missing
            groups.add(
                .blocker, .noSpare, on: place.words,
                "\(count) nodes leave, and \(count - missing) hosts of \(spares) could come in",
                remedy: "add hosts of this zone\(place.pool == nil ? "" : " and pool") to \(spares), or narrow --limit"
            )
        }
    }

    private func findDuplicates(_ groups: inout FindingGroups) {
        for (node, targets) in Dictionary(grouping: plan.targets, by: \.node).sorted(by: { $0.key < $1.key })
        where targets.count > 1 {
            groups.add(
                .blocker, .duplicateTarget, on: node.rawValue,
                "\(targets.count) hosts stand for this Node: \(targets.map(\.host).sorted().joined(separator: ", "))",
                remedy: "set kubernetes_node so that each host has its own Node"
            )
        }
    }

    /// The last member of the control plane is never removed (safety rule 3).
    private func keepControlPlane(_ groups: inout FindingGroups) {
        guard request.playbook.isForControlPlane, request.steps.contains(where: { $0.deletesNode || $0.cleans }) else {
            return
        }
        let members = index.snapshot.nodes.filter(\.hasControlPlaneRole).map(\.name)
        guard !members.isEmpty, Set(members).isSubset(of: plan.targets.map(\.node)) else { return }
        groups.add(
            .blocker, .controlPlane, on: plan.playbook,
            "all \(members.count) control-plane nodes are targets: the last one is never removed",
            remedy: "leave at least one out with --limit"
        )
    }

    // MARK: - Host

    private func judgeHost(_ target: PlanTarget, _ groups: inout FindingGroups) {
        guard request.steps.contains(where: \.touchesHost) else { return }
        for problem in hosts[target.host]?.problems ?? [] {
            groups.add(.blocker, .unusableHost, on: target.host, problem, remedy: "mend the inventory")
        }
        guard target.isNewcomer != true, target.machineID.isEmpty, target.systemUUID.isEmpty,
            target.internalAddresses.isEmpty
        else { return }
        // A host that is to become a Node has none yet, and nothing to prove.
        guard target.nodeUID != nil || request.retires || request.steps.contains(where: \.cleans) else {
            return
        }
        let cleans = request.steps.contains(where: \.cleans)
        groups.add(
            .warning, .noIdentity, each: target.host,
            "nothing proves that the host is its Node: no machineID, systemUUID or InternalIP is known"
                + (cleans ? "; clean-up will refuse it" : ""),
            remedy: "plan while the Node exists, so that its identity is pinned"
        )
    }

    /// Hosts that are to join: those that have, and those whose Node would belong to no zone.
    private func judgeJoin(_ target: PlanTarget, _ groups: inout FindingGroups) {
        guard request.joins, request.playbook.spares == nil || target.isNewcomer == true else { return }
        if index.nodes[target.node] != nil, target.nodeUID != nil {
            groups.add(
                .warning, .alreadyJoined, each: target.node.rawValue,
                "the cluster has this Node already: joining changes nothing on a host that did"
            )
        }
        if target.zone == nil, index.snapshot.nodes.contains(where: { $0.zone != nil }) {
            groups.add(
                .warning, .unknownZone, each: target.host,
                "no zone, while the cluster's Nodes have one: pods that spread over zones will avoid it",
                remedy: "set zone in the inventory"
            )
        }
    }

    /// What is to be installed or to join must be a kubelet that the API server supports (E6).
    private func judgeVersion(_ target: PlanTarget, _ groups: inout FindingGroups) {
        let server = index.snapshot.serverVersion
        guard let version = request.versions[target.host],
            let skew = VersionSkew.finding(kubelet: version, server: server)
        else { return }
        groups.add(
            VersionSkew.isNewer(kubelet: version, server: server) ? .blocker : .warning, .versionSkew,
            each: target.host, "kubernetes_version: \(skew)",
            remedy: "set kubernetes_version to the cluster's, or upgrade the control plane first"
        )
    }

    private func judgeRole(_ target: PlanTarget, _ groups: inout FindingGroups) {
        guard target.isControlPlane, !request.playbook.isForControlPlane, let host = hosts[target.host] else { return }
        let sign = ControlPlane.sign(of: index.nodes[target.node], host, index) ?? "it was pinned as one"
        groups.add(
            .blocker, .controlPlane, on: target.host,
            "control-plane host: \(sign); \(plan.playbook) is a worker playbook",
            remedy: "leave it out with --limit, or use a playbook that says control_plane: true"
        )
    }

    // MARK: - Node

    private func judgeGone(_ target: PlanTarget, _ groups: inout FindingGroups) {
        guard request.retires else { return }
        groups.add(
            .warning, .nodeGone, each: target.node.rawValue,
            "the cluster has no such Node: its API steps count as done, host steps go on if the identity is proved"
        )
    }

    private func judge(_ node: Node, _ target: PlanTarget, _ groups: inout FindingGroups) {
        judgePlace(node, target, &groups)
        guard request.retires else { return }
        judgeState(node, &groups)
        judgeOwner(node, &groups)
    }

    private func judgePlace(_ node: Node, _ target: PlanTarget, _ groups: inout FindingGroups) {
        guard let host = hosts[target.host] else { return }
        if let ours = host.zone, let theirs = node.zone, ours != theirs {
            groups.add(
                .blocker, .zoneContradiction, on: target.host,
                "the inventory says zone \(ours), Node \(node.name) is labelled topology.kubernetes.io/zone=\(theirs)",
                remedy: "mend the one that is wrong; perhaps the host is joined to another's Node"
            )
        }
        if let ours = host.pool, let theirs = node.pool, ours != theirs {
            groups.add(
                .blocker, .poolContradiction, on: target.host,
                "the inventory says pool \(ours), the labels of Node \(node.name) say \(theirs)",
                remedy: "mend the one that is wrong; perhaps the host is joined to another's Node"
            )
        }
        if target.zone == nil, plan.targets.contains(where: { $0.zone != nil }) {
            groups.add(
                .warning, .unknownZone, each: target.host,
                "no zone, while others have one: counted as a zone of their own, and taken last",
                remedy: "set zone in the inventory, or label the Nodes"
            )
        }
    }

    private func judgeState(_ node: Node, _ groups: inout FindingGroups) {
        if node.isCordoned {
            groups.add(
                .warning, .alreadyCordoned, each: node.name.rawValue,
                "cordoned already, by somebody else: fleet will not uncordon it unless the playbook does"
            )
        }
        if !node.isReady {
            groups.add(
                .warning, .notReady, each: node.name.rawValue,
                "not Ready: its pods may not stop, and delete_node is refused while pods are bound to it",
                remedy: "see `fleet diagnose`; prove that it is off with host_off"
            )
        }
        if let skew = VersionSkew.finding(kubelet: node.kubeletVersion, server: index.snapshot.serverVersion) {
            groups.add(.warning, .versionSkew, each: node.name.rawValue, skew)
        }
    }

    private func judgeOwner(_ node: Node, _ groups: inout FindingGroups) {
        guard let owner = NodeOwner.of(node) else { return }
        groups.add(
            .warning, .ownedNode, each: node.name.rawValue,
            "\(owner) owns it and may bring it back, or delete it by itself",
            remedy: "scale the owner down with the run, or pause it"
        )
    }
}

/// Kubelets that the API server does not support: newer than it, or more than three minor versions older.
enum VersionSkew {
    static func isNewer(kubelet: String, server: String) -> Bool {
        guard let node = minor(kubelet), let api = minor(server) else { return false }
        return node > api
    }

    static func finding(kubelet: String, server: String) -> String? {
        guard let node = minor(kubelet), let api = minor(server) else { return nil }
        if isNewer(kubelet: kubelet, server: server) {
            return "kubelet \(kubelet) is newer than the API server \(server)"
        }
        guard api - node > 3 else { return nil }
        return "kubelet \(kubelet) is more than three minor versions behind the API server \(server)"
    }

    private static func minor(_ version: String) -> Int? {
        let parts = version.split(separator: ".")
        return parts.count >= 2 ? Int(parts[1].prefix { $0.isNumber }) : nil
    }
}

/// Who else decides about a Node's life (safety rule 14).
enum NodeOwner {
    private static let labels = [
        ("karpenter.sh/nodepool", "Karpenter"), ("karpenter.sh/provisioner-name", "Karpenter"),
        ("cloud.google.com/gke-nodepool", "a GKE node pool"), ("eks.amazonaws.com/nodegroup", "an EKS node group"),
        ("kubernetes.azure.com/agentpool", "an AKS node pool"),
    ]

    static func of(_ node: Node) -> String? {
        if let machine = node.annotations["cluster.x-k8s.io/machine"] { return "Cluster API Machine \(machine)" }
        for (label, owner) in labels { if let value = node.labels[label] { return "\(owner) \(value)" } }
        let marks = ["DeletionCandidateOfClusterAutoscaler", "ToBeDeletedByClusterAutoscaler"]
        let isAutoscaled =
            node.taints.contains { marks.contains($0.key) }
            || node.annotations.keys.contains { $0.hasPrefix("cluster-autoscaler.kubernetes.io/") }
        return isAutoscaled ? "the cluster autoscaler" : nil
    }
}

extension ReplacementCut.Place {
    /// `zone eu-1a, pool gpu`.
    var words: String {
        (zone.map { "zone \($0)" } ?? "no zone") + (pool.map { ", pool \($0)" } ?? "")
    }
}
