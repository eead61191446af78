import FleetModel
import FleetPlanning

/// Whether a host is the Node that the plan means (safety rules 2 and 3).
enum HostProof {
    case proved(RunEvent.IdentityProved)
    case refused(String)

    /// Judges what the identity script answered; a host that will be cleaned must also be proved this cluster's.
    init(of target: PlanTarget, _ result: OperationResult, settings: RunSettings, isCleaned: Bool) {
        guard result.isSuccess, let identity = NodeIdentity(NodeAnswer(result.output)) else {
            self = .refused(result.isSuccess ? "the identity script said nothing usable" : result.words)
            return
        }
        if let sign = identity.controlPlaneSign, !settings.isForControlPlane {
            self = .refused("it is a control-plane host (\(sign)), and this is a worker playbook")
            return
        }
        if let mismatch = Self.mismatch(target, identity) {
            self = .refused(mismatch)
            return
        }
        let proof = RunEvent.IdentityProved(
            node: target.node, proof: Self.proof(target, identity),
            isClusterCA: Self.isClusterCA(identity, settings.clusterAuthority)
        )
        if isCleaned, target.nodeUID != nil, let doubt = proof.doubt {
            self = .refused(doubt)
            return
        }
        self = .proved(proof)
    }

    private static func mismatch(_ target: PlanTarget, _ identity: NodeIdentity) -> String? {
        if let found = identity.machineID, !target.machineID.isEmpty, found != target.machineID {
            return
                "it is another machine: Node \(target.node) has machine-id \(target.machineID), the host has \(found)"
        }
        if let found = identity.systemUUID, !target.systemUUID.isEmpty,
            found.lowercased() != target.systemUUID.lowercased()
        {
            return
                "it is another machine: Node \(target.node) has system UUID \(target.systemUUID), the host has \(found)"
        }
        return nil
    }

    private static func proof(_ target: PlanTarget, _ identity: NodeIdentity) -> String {
        if let found = identity.machineID, found == target.machineID { return "machine-id" }
        if let found = identity.systemUUID, found.lowercased() == target.systemUUID.lowercased() {
            return "system-uuid"
        }
        return target.internalAddresses.contains(where: identity.addresses.contains) ? "address" : ""
    }

    private static func isClusterCA(_ identity: NodeIdentity, _ authority: String?) -> Bool? {
        guard let authority, !identity.clusterAuthorities.isEmpty else { return nil }
        return identity.clusterAuthorities.contains(authority)
    }
}

extension RunEvent.IdentityProved {
    /// Why the host may not be cleaned; nil when it is proved to be the Node, and the Node this cluster's (safety rule 2).
    var doubt: String? {
        guard !proof.isEmpty else {
            return
                "nothing proves that this host is Node \(node): neither machine-id, system UUID nor an address agrees"
        }
        switch isClusterCA {
        case true?: return nil
        case false?: return "the host's kubelet belongs to another cluster (its CA differs)"
        case nil: return "nothing proves that the host's kubelet belongs to this cluster: no CA to compare"
        }
    }
}
