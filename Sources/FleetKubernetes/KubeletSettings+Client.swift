public import FleetModel
import FleetWire
import Yams

extension KubernetesClient {
    /// What kubeadm gives kubelets that join; nil where the cluster does not say it, or this user may not read it.
    ///
    /// Nothing here is ever changed: it is read and advised upon.
    public func kubeletSettings() async throws(ClusterFailure) -> KubeletSettings? {
        let request = APIRequest(.get, APIResource.configMaps.path(namespace: "kube-system", name: "kubelet-config"))
        let json: JSONValue
        do throws(ClusterFailure) {
            json = try await read(request, subject: "read ConfigMap kube-system/kubelet-config")
        } catch {
            if error.code == .notFound || error.code == .forbidden { return nil }
            throw error
        }
        return json["data"]["kubelet"].string.flatMap(KubeletSettings.init(configuration:))
    }
}

extension KubeletSettings {
    /// Reads a KubeletConfiguration; nil where it is none.
    init?(configuration text: String) {
        guard BoundedYAML.isHarmless(text), let document = try? Yams.compose(yaml: text), document.mapping != nil else {
            return nil
        }
        // Kubernetes writes durations that are not set as 0s.
        let frequency = document["nodeStatusUpdateFrequency"]?.string
        self.init(
            statusUpdateFrequency: frequency == "0s" ? nil : frequency,
            maxPods: document["maxPods"]?.int.flatMap { $0 > 0 ? $0 : nil })
    }
}
