public import FleetModel
import FleetWire

extension KubernetesClient {
    /// What fleet asks of the API whatever it does: to follow the cluster, to know which one it is, to hold
    /// its lock, and to note on Nodes what was done to them.
    public static var standingAccess: [AccessQuestion] {
        // Where the API server streams lists nothing but `watch` is asked; elsewhere what stands first.
        let followed = APIResource.ofSnapshot.flatMap { resource in
            ["list", "watch"].map { AccessQuestion($0, resource.plural, group: resource.group) }
        }
        let identity = ["get", "watch"].map { AccessQuestion($0, "namespaces", name: "kube-system") }
        let leases = APIResource.leases
        let lock = ["get", "watch", "update"].map {
            AccessQuestion($0, leases.plural, group: leases.group, namespace: "kube-system", name: "fleet")
        }
        // A Lease that is not there yet has no name to permit.
        let making = AccessQuestion("create", leases.plural, group: leases.group, namespace: "kube-system")
        // Events about Nodes live in this namespace.
        let telling = AccessQuestion("create", "events", group: "events.k8s.io", namespace: "default")
        return identity + followed + lock + [making, telling]
    }
}
