import FleetKubernetes
import FleetModel
import FleetWire
import Testing

@Suite struct LeaseTests {
    private let collection = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
    private let now = Instant(seconds: 1_767_323_045)

    private func stored(_ holder: String, version: String, transitions: Int64 = 0) -> JSONValue {
        var json = Lease(
            key: ObjectKey("kube-system", "fleet"), resourceVersion: version, annotations: ["run": "r-1"],
            holder: holder, transitions: transitions
        ).json
        json["metadata"]["uid"] = "u"
        return json
    }

    @Test func madeTakenRenewedReleased() async throws {
        let api = FakeAPI()
        api.on(
            "GET \(collection)/fleet", .status(404, "NotFound", "no"), .json(stored("", version: "5", transitions: 3)))
        api.on("POST \(collection)", .json(201, stored("one", version: "1")))
        api.on("PUT \(collection)/fleet", .json(stored("two", version: "6", transitions: 4)))
        try await withAPI(api) { client, server in
            let lease = LeaseClient(client: client)
            let none: Lease? = try await lease.read()
            #expect(none == nil)
            let made = try await lease.acquire(
                seen: nil, holder: "one", durationSeconds: 15, annotations: ["run": "r-1"], now: now)
            #expect(made.holder == "one")
            let sent = try #require(server.requests.last).json
            #expect(sent["spec"]["renewTime"] == "2026-01-02T03:04:05.000000Z")
            #expect(sent["spec"]["leaseTransitions"] == 0)
            let free: Lease = try #require(try await lease.read())
            let taken = try await lease.acquire(seen: free, holder: "two", durationSeconds: 15, now: now)
            let put = try #require(server.requests.last).json
            #expect(put["spec"]["leaseTransitions"] == 4 && put["metadata"]["resourceVersion"] == "5")
            _ = try await lease.renew(taken, now: now + .seconds(5))
            #expect(server.requests.last?.json["spec"]["renewTime"] == "2026-01-02T03:04:10.000000Z")
            try await lease.release(taken, now: now)
            #expect(server.requests.last?.json["spec"]["holderIdentity"] == "")
            #expect(server.requests.last?.json["spec"]["leaseDurationSeconds"] == 1)
            let end = EndedRun(run: "r-1", result: "done", by: "bob@laptop", at: now)
            var held = ClusterLock(
                holder: "one", version: "6", annotations: ["note": "theirs", "fleet.run/run": "r-1"])
            held.annotations = EndedRun.annotations(held.annotations, adding: end)
            try await lease.release(held, of: EndedRun(run: "r-2", result: "failed", by: "b@l", at: now), at: now)
            let left = try #require(server.requests.last).json["metadata"]["annotations"]
            #expect(left["note"] == "theirs" && left["fleet.run/run"] == .null)
            #expect(left["fleet.run/ended"] == "r-2 failed 1767323045 b@l\nr-1 done 1767323045 bob@laptop")
        }
    }

    @Test func theLoserLearnsIt() async throws {
        let api = FakeAPI()
        api.on("PUT \(collection)/fleet", .status(409, "Conflict", "the object has been modified"))
        try await withAPI(api) { client, _ in
            let lease = LeaseClient(client: client)
            let held = Lease(key: lease.key, resourceVersion: "1", holder: "one")
            let failure = await #expect(throws: ClusterFailure.self) { try await lease.renew(held, now: now) }
            #expect(failure?.code == .conflict)
        }
    }
}
