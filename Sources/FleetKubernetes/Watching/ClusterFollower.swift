import FleetModel
import FleetWire

/// Lists everything, then follows each resource until it is pointless to go on.
struct ClusterFollower: Sendable {
    let client: KubernetesClient
    let mirror: ClusterMirror

    /// Claims and volumes are read only: no change of theirs is of interest while a run goes on.
    static let listedOnly: Set<APIResource> = [.claims, .volumes]

    /// Returns why it ended; nil when it was cancelled.
    func follow() async -> ClusterFailure? {
        do throws(ClusterFailure) {
            guard let reading = try await read() else { return nil }
            await mirror.synchronize(reading.lists, clusterUID: reading.snapshot.clusterUID)
            return await watch(reading.lists.filter { !Self.listedOnly.contains($0.resource) })
        } catch {
            return Task.isCancelled ? nil : error
        }
    }

    /// The client's own reading while it is fresh, else a new one; nil when cancelled.
    private func read() async throws(ClusterFailure) -> ClusterReading? {
        if let reading = client.reading, reading.isFresh { return reading }
        let uid = try await patiently(.namespaces) { () async throws(ClusterFailure) in try await client.clusterUID() }
        return try await lists().map { ClusterReading($0, clusterUID: uid) }
    }

    /// All first lists in parallel; nil when cancelled.
    private func lists() async throws(ClusterFailure) -> [Listed]? {
        let lister = Lister(client: client)
        let outcomes = await withTaskGroup(of: Result<Listed?, ClusterFailure>.self) { group in
            for resource in APIResource.ofSnapshot {
                group.addTask {
                    do throws(ClusterFailure) {
                        return .success(
                            try await patiently(resource) { () async throws(ClusterFailure) in
                                try await lister.listIfPermitted(resource)
                            })
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var all: [Result<Listed?, ClusterFailure>] = []
            for await outcome in group {
                all.append(outcome)
                if case .failure = outcome { group.cancelAll() }
            }
            return all
        }
        var lists: [Listed] = []
        for outcome in outcomes {
            if let list = try outcome.get() { lists.append(list) }
        }
        return Task.isCancelled ? nil : lists
    }

    /// Tries until it succeeds, is refused, or is cancelled.
    private func patiently<Value: Sendable>(
        _ resource: APIResource, _ body: @Sendable () async throws(ClusterFailure) -> Value
    ) async throws(ClusterFailure) -> Value {
        var attempt = 0
        while true {
            do throws(ClusterFailure) {
                let value = try await body()
                await mirror.resume(resource)
                return value
            } catch {
                guard error.mayPass || error.code == .expired, !Task.isCancelled else { throw error }
                attempt += 1
                await mirror.interrupt(resource, error)
                do {
                    try await Task.sleep(for: client.options.backoff.wait(attempt))
                } catch let cancellation {
                    throw ClusterFailure(.unreachable, message: "\(cancellation)")
                }
            }
        }
    }

    /// Follows all resources; the first failure for good ends all.
    private func watch(_ lists: [Listed]) async -> ClusterFailure? {
        await withTaskGroup(of: ClusterFailure?.self) { group in
            for list in lists {
                let watcher = ResourceWatcher(client: client, mirror: mirror, resource: list.resource)
                group.addTask { await watcher.follow(from: list.resourceVersion) }
            }
            for await failure in group {
                guard let failure else { continue }
                group.cancelAll()
                return failure
            }
            return nil
        }
    }
}
