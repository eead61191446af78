public import FleetModel
import FleetWire

extension KubernetesClient {
    /// The arguments of kube-controller-manager, without their dashes, as its mirror pods show them; nil where the cluster
    /// shows none, as managed ones do.
    ///
    /// Nothing here is ever changed: what matters for large joins is read and advised upon.
    public func controllerManagerArguments() async throws(ClusterFailure) -> [String: String]? {
        let request = APIRequest(
            .get, "/api/v1/namespaces/kube-system/pods",
            query: [("labelSelector", "component=kube-controller-manager")])
        let pods = try await read(request, subject: "read the controller manager's pods")["items"].elements
        guard let container = pods.first?["spec"]["containers"].elements.first else { return nil }
        let words = (container["command"].elements + container["args"].elements).compactMap(\.string)
        var arguments: [String: String] = [:]
        for word in words where word.hasPrefix("--") {
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1)
            guard let name = parts.first else { continue }
            arguments[String(name)] = parts.count > 1 ? String(parts[1]) : "true"
        }
        return arguments
    }
}
