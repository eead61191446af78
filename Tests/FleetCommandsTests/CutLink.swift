import FleetKubernetes
import FleetModel
import FleetPorts

/// The way to an API server: what a run sends on it is noted in its order; its renewals of the lock can be cut off, and
/// its requests be held up.
actor CutLink: ClusterPort, LockPort {
    private let client: KubernetesClient
    private let lease: LeaseClient
    /// What was sent: `renew`, `renewed` once that was answered with yes, `patch web-02`, and so on.
    private(set) var sent: [String] = []
    private var isCut = false
    private var isHolding = false

    init(_ client: KubernetesClient) {
        self.client = client
        lease = LeaseClient(client: client)
    }

    /// Whether renewals of the lock get no answer.
    func cut(_ isCut: Bool) { self.isCut = isCut }
    /// Forgets what was sent so far.
    func forget() { sent = [] }
    /// Whether requests stay on their way until they are let go.
    func hold(_ isHolding: Bool) { self.isHolding = isHolding }

    // MARK: - The cluster

    nonisolated func snapshot() async throws(ClusterFailure) -> ClusterSnapshot { try await client.snapshot() }
    nonisolated func health(of node: NodeName) async throws(ClusterFailure) -> NodeHealth? {
        try await client.health(of: node)
    }
    nonisolated func watch() -> AsyncStream<ClusterObservation> { client.watch() }

    func perform(_ request: ClusterRequest) async -> ClusterOutcome {
        if case .patchNode(let name, _, _) = request { sent.append("patch \(name)") } else { sent.append("\(request)") }
        while isHolding, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(10)) }
        return await client.perform(request)
    }

    // MARK: - The lock

    func read() async throws(ClusterFailure) -> ClusterLock? { try await lease.read() }

    func take(
        seen: ClusterLock?, for claim: LockClaim, durationSeconds: Int64, at now: Instant
    ) async throws(ClusterFailure) -> ClusterLock {
        try await lease.take(seen: seen, for: claim, durationSeconds: durationSeconds, at: now)
    }

    func renew(_ held: ClusterLock, at now: Instant) async throws(ClusterFailure) -> ClusterLock {
        sent.append("renew")
        if isCut { throw ClusterFailure(.unreachable, message: "network is unreachable") }
        let lock: ClusterLock = try await lease.renew(held, at: now)
        sent.append("renewed")
        return lock
    }

    func release(_ held: ClusterLock, of ended: EndedRun?, at now: Instant) async throws(ClusterFailure) {
        try await lease.release(held, of: ended, at: now)
    }
}
