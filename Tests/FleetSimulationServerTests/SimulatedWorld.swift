import FleetModel
import FleetSimulation
import FleetWire
import Testing

@testable import FleetSimulationServer

/// A simulated API in this process, and what tests do to it.
struct SimulatedWorld {
    let api: SimulatedAPI

    /// Thirty nodes over three zones, as the recordings' cluster; actors that take milliseconds.
    init(nodes: Int = 30, settings: SimulationSettings = .quick()) {
        let simulation = ClusterSimulation(
            snapshot: ClusterSnapshot(takenAt: Self.start, nodes: (0..<nodes).map(Self.node)), settings: settings)
        api = SimulatedAPI(
            simulation, clock: VirtualClock(start: Self.start, speed: 1),
            settings: SimulationServer.Settings(accounts: [Self.admin]))
    }

    static let start = Instant(seconds: 1_767_225_600)
    static let admin = Account(user: "admin", groups: ["system:masters"], token: "admin-token")

    static func node(_ index: Int) -> Node {
        let digits = String(index)
        let name = "node" + String(repeating: "0", count: 3 - digits.count) + digits
        let size = Resources(milliCPU: 16_000, memory: 64 << 30, ephemeralStorage: 100 << 30, pods: 110)
        return Node(
            name: NodeName(name), uid: ObjectUID("267b9b26-9b6e-4eb9-8176-\(name)00000"),
            labels: [
                "kubernetes.io/hostname": name, "pool": "general",
                "topology.kubernetes.io/zone": ["a", "b", "c"][index % 3],
                "node-role.kubernetes.io/worker": "worker",
            ],
            annotations: ["node.alpha.kubernetes.io/ttl": "0"],
            taints: index == 0 ? [Taint(key: "dedicated", value: "special-user", effect: .noSchedule)] : [],
            capacity: size, allocatable: size, internalAddresses: ["127.0.1.\(index + 1)"],
            kubeletVersion: "v1.36.0", createdAt: start)
    }

    // MARK: Requests

    /// The answer to a request; nil when the connection was cut.
    func send(
        _ method: String, _ path: String, _ body: JSONValue? = nil, type: String = "application/json",
        accept: String = "application/json", token: String? = admin.token
    ) async -> APIAnswer? {
        await api.answer(
            APIRequest(
                method: method, target: path, accept: accept, contentType: body == nil ? "" : type,
                userAgent: "tests/1", token: token, body: body?.serialized ?? []))
    }

    /// The JSON of an answer, which must have the status.
    @discardableResult
    func json(
        _ method: String, _ path: String, _ body: JSONValue? = nil, type: String = "application/json", code: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let answer = try #require(await send(method, path, body, type: type), sourceLocation: sourceLocation)
        #expect(answer.code == code, "\(answer.body)", sourceLocation: sourceLocation)
        guard case .json(let json) = answer.body else { return .null }
        return json
    }

    /// Waits, at most five seconds, until an object is as wanted.
    @discardableResult
    func wait(
        for path: String, sourceLocation: SourceLocation = #_sourceLocation, until isWanted: (JSONValue) -> Bool
    ) async throws -> JSONValue {
        let deadline = ContinuousClock.now + .seconds(5)
        var last = JSONValue.null
        while ContinuousClock.now < deadline {
            if case .json(let json)? = await send("GET", path)?.body {
                if isWanted(json) { return json }
                last = json
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("\(path) never became as wanted: \(last)", sourceLocation: sourceLocation)
        return last
    }

    // MARK: Objects

    /// Creates a namespace.
    func makeNamespace(_ name: String) async throws {
        try await json(
            "POST", "/api/v1/namespaces",
            ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]],
            code: 201)
    }

    /// Creates a bare pod on node001 and waits until it is Ready.
    func makePod(_ name: String, in namespace: String = "transcript", finalizers: [String] = []) async throws {
        var pod: JSONValue = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "labels": ["app": .string(name)]],
            "spec": [
                "terminationGracePeriodSeconds": 5, "nodeName": "node001",
                "containers": [["name": "main", "image": "registry.invalid/x"]],
            ],
        ]
        if !finalizers.isEmpty { pod["metadata"]["finalizers"] = .strings(finalizers) }
        try await json("POST", "/api/v1/namespaces/\(namespace)/pods", pod, code: 201)
        try await wait(for: "/api/v1/namespaces/\(namespace)/pods/\(name)") { json in
            json["status"]["conditions"].elements.contains { $0["type"] == "Ready" && $0["status"] == "True" }
        }
    }

    /// Creates a budget for the pods of an app and waits until the disruption controller has seen it.
    func makeBudget(
        _ name: String, for app: String, _ spec: (String, JSONValue), in namespace: String = "transcript"
    ) async throws {
        let path = "/apis/policy/v1/namespaces/\(namespace)/poddisruptionbudgets"
        var budget: JSONValue = [
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": ["name": .string(name)],
            "spec": ["selector": ["matchLabels": ["app": .string(app)]]],
        ]
        budget["spec"][spec.0] = spec.1
        try await json("POST", path, budget, code: 201)
        try await wait(for: "\(path)/\(name)") { $0["status"]["observedGeneration"] == 1 }
    }

    /// Creates a Deployment of an app and waits until it is complete.
    func makeDeployment(_ name: String, replicas: Int = 1, in namespace: String = "transcript") async throws {
        let path = "/apis/apps/v1/namespaces/\(namespace)/deployments"
        try await json(
            "POST", path,
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": .string(name)],
                "spec": [
                    "replicas": .int(replicas), "selector": ["matchLabels": ["app": .string(name)]],
                    "template": [
                        "metadata": ["labels": ["app": .string(name)]],
                        "spec": [
                            "terminationGracePeriodSeconds": 5,
                            "containers": [["name": "main", "image": "registry.invalid/x"]],
                        ],
                    ],
                ],
            ], code: 201)
        try await wait(for: "\(path)/\(name)") { $0["status"]["readyReplicas"].int == replicas }
    }
}
