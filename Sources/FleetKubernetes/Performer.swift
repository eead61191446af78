import FleetModel
import FleetWire

/// Carries out requests that change the cluster.
struct Performer {
    let client: KubernetesClient

    func perform(_ request: ClusterRequest) async throws(ClusterFailure) {
        switch request {
        case .patchNode(let name, let uid, let patch): try await self.patch(name, uid, patch)
        case .evict(let pod, let grace):
            try await client.write(.evict(pod, gracePeriodSeconds: grace), subject: "evict \(pod)")
        case .deletePod(let pod, let grace):
            try await client.write(.delete(pod, gracePeriodSeconds: grace), subject: "delete pod \(pod)")
        case .deleteNode(let name, let uid):
            try await client.write(.delete(name, uid: uid), subject: "delete node \(name)")
        case .scale(let workload, let replicas, let annotations):
            try await scale(workload, replicas, annotations)
        case .setMinimumReplicas(let key, let minimum, let annotations):
            try await client.write(
                .setMinimum(of: key, minReplicas: minimum, annotations: annotations),
                subject: "set the minimum of autoscaler \(key) to \(minimum)")
        case .setBudget(let key, let uid, let bound, let annotations):
            try await client.write(
                .setBudget(key, uid: uid, bound, annotations: annotations), subject: "set PodDisruptionBudget \(key)")
        case .ifUnchanged(let version, let patch): try await client.perform(patch, ifVersion: version)
        case .createBootstrapToken(let token):
            try await settle(.create(token), subject: "create bootstrap token \(token.id)", unless: .alreadyExists)
        case .deleteBootstrapToken(let id):
            try await settle(.deleteBootstrapToken(id: id), subject: "revoke bootstrap token \(id)", unless: .notFound)
        case .confirmTokenSignature(let id):
            guard try await client.signs(tokenID: id) else {
                throw ClusterFailure(
                    .notFound, subject: "look for the signature of bootstrap token \(id)",
                    message: "ConfigMap kube-public/cluster-info has no jws-kubeconfig-\(id)")
            }
        case .recordEvent(let event):
            try await settle(
                .create(event), subject: "record an event about node \(event.node)", unless: .alreadyExists)
        }
    }

    /// A write that is as good as done when the API says that it is done.
    private func settle(
        _ request: APIRequest, subject: String, unless isDone: ClusterFailure.Code
    ) async throws(ClusterFailure) {
        do throws(ClusterFailure) {
            try await client.write(request, subject: subject)
        } catch {
            if error.code != isDone { throw error }
        }
    }

    private func scale(
        _ workload: WorkloadReference, _ replicas: Int, _ annotations: [String: String?]
    ) async throws(ClusterFailure) {
        let subject = "scale \(workload) to \(replicas)"
        guard let request = APIRequest.scale(workload, replicas: replicas, annotations: annotations) else {
            throw ClusterFailure(
                .invalid, subject: subject, message: "a \(workload.kind.rawValue) has no replicas to set")
        }
        try await client.write(request, subject: subject)
    }

    /// Taints are read, changed and written back under their version; a conflict begins anew.
    private func patch(_ name: NodeName, _ uid: ObjectUID, _ patch: NodePatch) async throws(ClusterFailure) {
        let subject = "patch node \(name)"
        guard patch.changesTaints else {
            try await client.write(.patch(name, uid: uid, patch, current: nil), subject: subject)
            return
        }
        var attempt = 0
        while true {
            do throws(ClusterFailure) {
                let current = try await node(name, uid, subject)
                try await client.write(.patch(name, uid: uid, patch, current: current), subject: subject)
                return
            } catch {
                attempt += 1
                guard error.code == .conflict, attempt <= 10, !Task.isCancelled else { throw error }
                try? await Task.sleep(for: .milliseconds(10 * attempt * Int.random(in: 1...3)))
            }
        }
    }

    private func node(_ name: NodeName, _ uid: ObjectUID, _ subject: String) async throws(ClusterFailure) -> JSONValue {
        let json = try await client.read(
            APIRequest(.get, APIResource.nodes.path(name: name.rawValue)), subject: subject)
        let found = json["metadata"]["uid"].string ?? ""
        guard found == uid.rawValue else {
            throw ClusterFailure(
                .replaced, subject: subject,
                message: "the node has UID \(found) now; \(uid) was meant: it was made anew")
        }
        return json
    }
}
