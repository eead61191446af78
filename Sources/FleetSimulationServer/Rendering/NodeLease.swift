import FleetModel
import FleetWire

/// The Lease with which a kubelet says that it lives.
///
/// It is stored once, at the Node's creation; renewals are shown when it is read instead of being written every ten
/// seconds, so that the log holds what tests and watches look for.
enum NodeLease {
    /// Where Leases are stored.
    static let storage = StorageKind(group: "coordination.k8s.io", name: "leases")

    /// The key of a Node's Lease.
    static func key(_ node: String) -> StorageKey { StorageKey(namespace: "kube-node-lease", name: node) }

    /// A new Node's Lease.
    static func json(for node: JSONValue, now: Instant) -> JSONValue {
        let (name, uid) = (node["metadata"]["name"], node["metadata"]["uid"])
        return [
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": [
                "name": name, "namespace": "kube-node-lease", "uid": .string("1ea5e" + (uid.string ?? "").dropFirst(5)),
                "creationTimestamp": .string(Timestamp.text(now)),
                "ownerReferences": [["apiVersion": "v1", "kind": "Node", "name": name, "uid": uid]],
            ],
            "spec": [
                "holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": .string(Timestamp.microText(now)),
            ],
        ]
    }

    /// The Lease as a reader sees it now: renewed within the last ten seconds while its Node is Ready.
    static func renewed(_ lease: JSONValue, node: JSONValue?, now: Instant) -> JSONValue {
        let ready = node?["status"]["conditions"].elements.first { $0["type"] == "Ready" }
        guard ready?["status"] == "True" else { return lease }
        var json = lease
        let beat = now.microseconds / 10_000_000 * 10_000_000
        json["spec"]["renewTime"] = .string(Timestamp.microText(Instant(microseconds: beat)))
        return json
    }
}
