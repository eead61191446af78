public import FleetModel

/// The Kubernetes API, as the runtime sees it.
public protocol ClusterPort: Sendable {
    /// Reads the cluster's whole state with consistent lists.
    func snapshot() async throws(ClusterFailure) -> ClusterSnapshot

    /// Reads a Node's conditions and, where that is permitted, the warning events about it; nil where there is none.
    func health(of node: NodeName) async throws(ClusterFailure) -> NodeHealth?

    /// Follows the cluster: first one `synchronized` with everything, then every change.
    ///
    /// The stream survives ends of file, expired positions and silent stalls by itself; after a gap it sends
    /// `synchronized` again. It ends only when the consumer stops, or with `failed` as its last element when going on
    /// is pointless (credentials, permission).
    func watch() -> AsyncStream<ClusterObservation>

    /// Carries out one request. Retries only what surely did not land, honouring `Retry-After`.
    func perform(_ request: ClusterRequest) async -> ClusterOutcome
}

/// One element of the cluster's watch.
public enum ClusterObservation: Sendable {
    /// The whole state, at the start and after a gap.
    case synchronized(ClusterSnapshot)
    /// One change.
    case changed(ClusterChange)
    /// The API cannot be followed at the moment; the watch goes on trying.
    case interrupted(ClusterFailure)
    /// The watch has ended for good.
    case failed(ClusterFailure)
}
