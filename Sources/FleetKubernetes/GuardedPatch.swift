import FleetModel
import FleetWire

extension KubernetesClient {
    /// Carries out a patch only while the object still has a version: somebody else's change in between is a `conflict`,
    /// and nothing is done.
    ///
    /// - Throws: `invalid` for a request that is no patch of one object.
    func perform(
        _ request: ClusterRequest, ifVersion version: String
    ) async throws(ClusterFailure) {
        var patch = try await guarded(request)
        guard patch.body != nil, !version.isEmpty else {
            throw ClusterFailure(.invalid, message: "only a patch of an object with a known version can be guarded")
        }
        patch.body?["metadata"]["resourceVersion"] = .string(version)
        try await write(patch, subject: "restore \(patch.path)")
    }

    private func guarded(_ request: ClusterRequest) async throws(ClusterFailure) -> APIRequest {
        switch request {
        case .patchNode(let name, let uid, let patch):
            let path = APIResource.nodes.path(name: name.rawValue)
            let current =
                patch.changesTaints ? try await read(APIRequest(.get, path), subject: "get node \(name)") : nil
            return .patch(name, uid: uid, patch, current: current)
        case .scale(let workload, let replicas, let annotations):
            guard let request = APIRequest.scale(workload, replicas: replicas, annotations: annotations) else { break }
            return request
        case .setMinimumReplicas(let key, let minimum, let annotations):
            return .setMinimum(of: key, minReplicas: minimum, annotations: annotations)
        case .setBudget(let key, let uid, let bound, let annotations):
            return .setBudget(key, uid: uid, bound, annotations: annotations)
        case .evict, .deletePod, .deleteNode, .createBootstrapToken, .deleteBootstrapToken, .confirmTokenSignature,
            .recordEvent, .ifUnchanged:
            break
        }
        throw ClusterFailure(.invalid, message: "only a patch of an object can be guarded")
    }
}
