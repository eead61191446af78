import FleetModel
import FleetWire
import Testing

@Suite struct PodRequestsTests {
    /// Rows of `~/component-helpers/resource/helpers_test.go`'s kind: containers, and the CPU they add up to.
    @Test(arguments: [
        (
            "two containers",
            #"{"containers":[{"resources":{"requests":{"cpu":"1"}}},{"resources":{"requests":{"cpu":"500m"}}}]}"#, 1500
        ),
        (
            "an init container that needs more",
            #"{"containers":[{"resources":{"requests":{"cpu":"1"}}}],"initContainers":[{"resources":{"requests":{"cpu":"3"}}}]}"#,
            3000
        ),
        (
            "a sidecar adds",
            #"{"containers":[{"resources":{"requests":{"cpu":"1"}}}],"initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"2"}}}]}"#,
            3000
        ),
        (
            "an init container beside an earlier sidecar",
            #"{"containers":[{"resources":{"requests":{"cpu":"1"}}}],"initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"2"}}},{"resources":{"requests":{"cpu":"3"}}}]}"#,
            5000
        ),
        (
            "a sidecar after an init container",
            #"{"containers":[{"resources":{"requests":{"cpu":"1"}}}],"initContainers":[{"resources":{"requests":{"cpu":"3"}}},{"restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}}]}"#,
            3000
        ),
        (
            "the pod's own requests replace",
            #"{"containers":[{"resources":{"requests":{"cpu":"1"}}}],"resources":{"requests":{"cpu":"2500m"}}}"#, 2500
        ),
        (
            "overhead is added last",
            #"{"containers":[{"resources":{"requests":{"cpu":"1"}}}],"overhead":{"cpu":"250m"},"resources":{"requests":{"cpu":"2"}}}"#,
            2250
        ),
    ])
    func cpu(name: String, spec: String, milli: Int64) throws {
        let pod = try pod(spec: spec, status: "{}")
        #expect(pod.requests.milliCPU == milli, "\(name)")
    }

    @Test(arguments: [
        ("granted more than asked", "{}", 2000),
        ("a resize that cannot be", #"{"type":"PodResizePending","status":"True","reason":"Infeasible"}"#, 2000),
        ("asked more than granted", "{}", 4000),
    ])
    func resized(name: String, condition: String, milli: Int64) throws {
        let asked = name == "granted more than asked" ? "1" : "4"
        let pod = try pod(
            spec: #"{"nodeName":"n","containers":[{"name":"c","resources":{"requests":{"cpu":"\#(asked)"}}}]}"#,
            status:
                #"{"conditions":[\#(condition)],"containerStatuses":[{"name":"c","resources":{"requests":{"cpu":"2"}},"allocatedResources":{"cpu":"1500m"}}]}"#
        )
        #expect(pod.requests.milliCPU == milli)
    }

    @Test func otherResources() throws {
        let pod = try pod(
            spec:
                #"{"containers":[{"resources":{"requests":{"memory":"1Gi","nvidia.com/gpu":"2","ephemeral-storage":"1M"},"limits":{"cpu":2}}}]}"#,
            status: "{}")
        #expect(
            pod.requests == Resources(memory: 1 << 30, ephemeralStorage: 1_000_000, extended: ["nvidia.com/gpu": 2]))
        #expect(pod.limits == Resources(milliCPU: 2000))
        #expect(Resources(pod.requests.json) == pod.requests)
    }

    @Test("what a tenant writes is taken as at most what anybody can mean")
    func immense() throws {
        let pod = try pod(
            spec: """
                {"terminationGracePeriodSeconds":9223372036854775807,
                 "tolerations":[{"key":"a","operator":"Exists","effect":"NoExecute","tolerationSeconds":9223372036854775807}],
                 "containers":[
                  {"resources":{"requests":{"memory":"8E","cpu":"9E","example.com/x":"9E"},"limits":{"memory":"8E"}}},
                  {"resources":{"requests":{"memory":"8E","cpu":"9E","example.com/x":"9E"},"limits":{"memory":"8E"}}}]}
                """, status: "{}")
        let most = Resources.mostOfOne
        #expect(pod.requests == Resources(milliCPU: most, memory: most, extended: ["example.com/x": most]))
        #expect(pod.limits.memory == most)
        #expect(pod.gracePeriodSeconds == 315_360_000)
        #expect(pod.constraints.tolerations.first?.seconds == 315_360_000)
        #expect(Instant(seconds: 1_767_225_600) + .seconds(pod.gracePeriodSeconds) == Instant(seconds: 2_082_585_600))
    }

    private func pod(spec: String, status: String) throws -> Pod {
        try Pod([
            "metadata": ["name": "p", "uid": "u"], "spec": JSONValue(parsing: spec),
            "status": JSONValue(parsing: status),
        ])
    }
}
