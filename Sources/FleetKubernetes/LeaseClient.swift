public import FleetModel
public import FleetPorts
public import FleetWire

/// The Lease by which only one fleet works on a cluster at a time (semantics 8, `~/client-go/tools/leaderelection`).
///
/// Expiry is judged by local time since this process last saw the record change: remote timestamps are never compared,
/// so that clocks may be wrong. There is no fencing: whoever loses the lease stops at once.
public struct LeaseClient: Sendable {
    private let client: KubernetesClient
    /// Namespace and name of the Lease.
    public let key: ObjectKey

    /// The Lease `kube-system/fleet` unless told otherwise.
    public init(client: KubernetesClient, key: ObjectKey = ObjectKey("kube-system", "fleet")) {
        self.client = client
        self.key = key
    }

    /// The Lease as it stands; nil when there is none.
    public func read() async throws(ClusterFailure) -> Lease? {
        guard let json = try await client.object(.leases, key, subject: "get lease \(key)") else { return nil }
        return try decode(json)
    }

    /// Takes the Lease: makes it when there is none, else replaces the record that was seen.
    ///
    /// Whether the seen one may be taken (free, ours, expired) is the caller's judgement.
    ///
    /// - Parameters:
    ///   - seen: the record as last read; nil to make the Lease.
    ///   - annotations: what it carries, such as run and plan; others stay.
    /// - Throws: `conflict` or `alreadyExists` when somebody else was quicker.
    public func acquire(
        seen: Lease?, holder: String, durationSeconds: Int64, annotations: [String: String] = [:], now: Instant
    ) async throws(ClusterFailure) -> Lease {
        var lease = seen ?? Lease(key: key)
        let changesHands = lease.holder != holder
        if changesHands {
            lease.acquiredAt = now
            lease.transitions += seen == nil ? 0 : 1
        }
        lease.holder = holder
        lease.durationSeconds = durationSeconds
        lease.renewedAt = now
        lease.annotations.merge(annotations) { _, new in new }
        let collection = APIResource.leases.collection(namespace: key.namespace)
        let request =
            seen == nil ? APIRequest(.post, collection, body: lease.json) : APIRequest(.put, path, body: lease.json)
        return try decode(try await client.write(request, subject: "take lease \(key)"))
    }

    /// Renews a held Lease; `conflict` means that it was lost.
    public func renew(_ held: Lease, now: Instant) async throws(ClusterFailure) -> Lease {
        var lease = held
        lease.renewedAt = now
        return try decode(
            try await client.write(APIRequest(.put, path, body: lease.json), subject: "renew lease \(key)"))
    }

    /// Gives a held Lease back: empty holder, one second; the claim's annotations go, others stay.
    ///
    /// A run that ended is remembered beside those before it, so that no journal elsewhere goes on with it.
    public func release(_ held: Lease, of ended: EndedRun? = nil, now: Instant) async throws(ClusterFailure) {
        var lease = held
        lease.holder = ""
        lease.durationSeconds = 1
        lease.renewedAt = now
        lease.annotations = held.annotations.filter { !LockClaim.keys.contains($0.key) }
        if let ended { lease.annotations = EndedRun.annotations(lease.annotations, adding: ended) }
        try await client.write(APIRequest(.put, path, body: lease.json), subject: "release lease \(key)")
    }

    private var path: String { APIResource.leases.path(namespace: key.namespace, name: key.name) }

    private func decode(_ json: JSONValue) throws(ClusterFailure) -> Lease {
        do {
            return try Lease(json)
        } catch {
            throw ClusterFailure(.malformed, subject: "lease \(key)", message: "\(error)")
        }
    }
}

extension LeaseClient: LockPort {
    /// The lock as it stands; nil when there is no Lease.
    public func read() async throws(ClusterFailure) -> ClusterLock? {
        let lease: Lease? = try await read()
        return lease.map(ClusterLock.init)
    }

    /// Takes the lock; `conflict` or `alreadyExists` when somebody else was quicker.
    public func take(
        seen: ClusterLock?, for claim: LockClaim, durationSeconds: Int64, at now: Instant
    ) async throws(ClusterFailure) -> ClusterLock {
        ClusterLock(
            try await acquire(
                seen: seen.map { Lease($0, key: key) }, holder: claim.holder, durationSeconds: durationSeconds,
                annotations: claim.annotations, now: now))
    }

    /// Renews a held lock.
    public func renew(_ held: ClusterLock, at now: Instant) async throws(ClusterFailure) -> ClusterLock {
        ClusterLock(try await renew(Lease(held, key: key), now: now))
    }

    /// Gives a held lock back.
    public func release(_ held: ClusterLock, of ended: EndedRun?, at now: Instant) async throws(ClusterFailure) {
        try await release(Lease(held, key: key), of: ended, now: now)
    }
}

extension ClusterLock {
    fileprivate init(_ lease: Lease) {
        self.init(
            holder: lease.holder, durationSeconds: lease.durationSeconds, acquiredAt: lease.acquiredAt,
            renewedAt: lease.renewedAt, transitions: lease.transitions, version: lease.resourceVersion,
            annotations: lease.annotations)
    }
}

extension Lease {
    fileprivate init(_ lock: ClusterLock, key: ObjectKey) {
        self.init(
            key: key, resourceVersion: lock.version, annotations: lock.annotations, holder: lock.holder,
            durationSeconds: lock.durationSeconds, acquiredAt: lock.acquiredAt, renewedAt: lock.renewedAt,
            transitions: lock.transitions)
    }
}
