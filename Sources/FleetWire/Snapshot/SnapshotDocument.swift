public import FleetModel

/// A snapshot as a file: a Kubernetes `List` of what fleet looks at, which every reader of `kubectl get … -o json` reads.
///
/// It holds names, labels, requests and states, and no secrets: no container's image, command or environment, and no
/// annotation but those that fleet reads.
public struct SnapshotDocument: Sendable {
    /// The value of the document's `schema`.
    public static let schema = "fleet.snapshot/v1"

    private let snapshot: ClusterSnapshot

    /// The document of a snapshot.
    public init(_ snapshot: ClusterSnapshot) { self.snapshot = snapshot }

    /// Writes the document in UTF-8, piece by piece, an object a line; rethrows what `put` throws.
    public func write(to put: ([UInt8]) throws -> Void) rethrows {
        try put(Array(head.utf8))
        var batch: [UInt8] = []
        var separator = "\n"
        for object in objects {
            batch.append(contentsOf: separator.utf8)
            object.serialize(into: &batch)
            separator = ",\n"
            guard batch.count > 1 << 16 else { continue }
            try put(batch)
            batch.removeAll(keepingCapacity: true)
        }
        try put(batch + Array("\n]}\n".utf8))
    }

    private var head: String {
        let facts: [(String, String)] = [
            ("apiVersion", "v1"), ("kind", "List"), ("schema", Self.schema), ("serverVersion", snapshot.serverVersion),
            ("takenAt", Timestamp.text(snapshot.takenAt)),
        ]
        let members = facts.map { "\(JSONValue.string($0)):\(JSONValue.string($1))" }.joined(separator: ",")
        return "{\(members),\"items\":["
    }

    private var objects: some Sequence<JSONValue> {
        let cluster: [JSONValue] = [
            [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["name": "kube-system", "uid": .string(snapshot.clusterUID.rawValue)],
            ]
        ]
        return [
            AnySequence(snapshot.clusterUID.rawValue.isEmpty ? [] : cluster),
            AnySequence(snapshot.nodes.lazy.map(\.snapshotJSON)),
            AnySequence(snapshot.workloads.lazy.map(\.snapshotJSON)),
            AnySequence(snapshot.budgets.lazy.map(\.snapshotJSON)), AnySequence(snapshot.pods.lazy.map(\.snapshotJSON)),
            AnySequence(snapshot.autoscalers.lazy.map(\.snapshotJSON)),
            AnySequence(snapshot.claims.lazy.map(\.snapshotJSON)),
            AnySequence(snapshot.volumes.lazy.map(\.snapshotJSON)),
            AnySequence(snapshot.attachments.lazy.map(\.snapshotJSON)),
        ].lazy.joined()
    }

    // MARK: - What is kept

    private static let kept: Set<String> = [
        "kubernetes.io/config.mirror", "karpenter.sh/do-not-disrupt", "cluster.x-k8s.io/machine",
        "argocd.argoproj.io/tracking-id",
    ]
    private static let keptPrefixes = ["fleet.run/", "cluster-autoscaler.kubernetes.io/"]

    /// The annotations that fleet reads; all others may hold anything, and stay where they are.
    static func kept(of annotations: [String: String]) -> [String: String] {
        annotations.filter { key, _ in kept.contains(key) || keptPrefixes.contains { key.hasPrefix($0) } }
    }
}
