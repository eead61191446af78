import FleetKubernetes
import FleetModel
import FleetPorts
import FleetWire
import NIOConcurrencyHelpers
import Testing

/// An API server whose lists are empty and whose watches stay silent, unless a test scripts them.
final class FakeAPI: Sendable {
    private let scripts = NIOLockedValueBox<[String: [Script]]>([:])
    private let streamsLists: Bool

    /// A server that may send lists as the beginning of a watch, or is too old for that.
    init(streamsLists: Bool = false) { self.streamsLists = streamsLists }

    /// Queues answers for requests such as `GET /api/v1/pods`, `WATCH /api/v1/pods`, or `STREAM /api/v1/pods` for a
    /// streaming list; the last one stays.
    func on(_ request: String, _ answers: Script...) {
        scripts.withLockedValue { $0[request, default: []] += answers }
    }

    var respond: ScriptedServer.Respond {
        { [self] request in
            let verb = request.isStream ? "STREAM" : request.isWatch ? "WATCH" : request.method
            return scripted("\(verb) \(request.path)") ?? usual(request)
        }
    }

    private func scripted(_ key: String) -> Script? {
        scripts.withLockedValue { scripts in
            guard let queue = scripts[key], let first = queue.first else { return nil }
            if queue.count > 1 { scripts[key] = Array(queue.dropFirst()) }
            return first
        }
    }

    private func usual(_ request: SeenRequest) -> Script {
        if request.isStream { return streamsLists ? Self.stream(of: request) : Self.noStreams }
        if request.isWatch { return .watch([], then: [.hang]) }
        if request.path == "/version" { return .json(["gitVersion": "v1.36.0"]) }
        if request.path == "/api/v1/namespaces/kube-system" {
            return .json(["kind": "Namespace", "metadata": ["name": "kube-system", "uid": "cluster-1"]])
        }
        guard let resource = APIResource.ofSnapshot.first(where: { $0.path == request.path }) else {
            return .status(404, "NotFound", "the server could not find the requested resource")
        }
        return .json(Self.list(resource.kind, version: "10", []))
    }

    /// What a server before Kubernetes 1.32 says to `sendInitialEvents`.
    static let noStreams = Script.status(
        422, "Invalid", "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: ")

    private static func stream(of request: SeenRequest) -> Script {
        let system = event("ADDED", ["kind": "Namespace", "metadata": ["name": "kube-system", "uid": "cluster-1"]])
        return .watch(request.path == APIResource.namespaces.path ? [system, end(10)] : [end(10)], then: [.hang])
    }

    /// The bookmark that ends a streaming list.
    static func end(_ version: Int) -> JSONValue {
        event(
            "BOOKMARK",
            [
                "metadata": [
                    "resourceVersion": .string(String(version)), "annotations": ["k8s.io/initial-events-end": "true"],
                ]
            ])
    }

    static func list(_ kind: String, version: String, _ items: [JSONValue], next: String = "") -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": .string(version)]
        if !next.isEmpty { metadata["continue"] = .string(next) }
        return ["kind": .string("\(kind)List"), "metadata": metadata, "items": .array(items)]
    }

    static func pod(_ name: String, uid: String? = nil, version: Int, labels: [String: String] = [:]) -> JSONValue {
        [
            "kind": "Pod",
            "metadata": [
                "name": .string(name), "namespace": "shop", "uid": .string(uid ?? "uid-\(name)"),
                "resourceVersion": .string(String(version)), "labels": JSONValue(labels),
            ],
        ]
    }

    static func node(_ name: String, version: Int, taints: [JSONValue] = []) -> JSONValue {
        [
            "kind": "Node",
            "metadata": [
                "name": .string(name), "uid": .string("uid-\(name)"), "resourceVersion": .string(String(version)),
            ],
            "spec": ["taints": .array(taints)],
        ]
    }

    static func event(_ type: String, _ object: JSONValue) -> JSONValue { ["type": .string(type), "object": object] }

    static func bookmark(_ version: Int) -> JSONValue {
        event("BOOKMARK", ["kind": "Pod", "metadata": ["resourceVersion": .string(String(version))]])
    }

    static let expired = event(
        "ERROR", Status(message: "too old resource version: 5 (1000)", reason: "Expired", code: 410).json)
}

extension ClientOptions {
    /// Waits short enough for tests.
    static var quick: ClientOptions {
        var options = ClientOptions()
        options.backoff = Backoff(first: .milliseconds(10), longest: .milliseconds(50))
        options.watchSilence = .seconds(60)
        options.writeTimeout = .seconds(30)
        options.readTimeout = .seconds(30)
        options.connectTimeout = .seconds(20)
        options.credentialReload = .zero
        return options
    }
}

/// Runs a client against a scripted API.
func withAPI<Result: Sendable>(
    _ api: FakeAPI, options: ClientOptions = .quick,
    _ body: (KubernetesClient, ScriptedServer) async throws -> Result
) async throws -> Result {
    try await ScriptedServer.run(api.respond) { server in
        let connection = try ClusterConnection(server: "http://127.0.0.1:\(server.port)")
        return try await KubernetesClient.withClient(connection: connection, options: options) { client in
            try await body(client, server)
        }
    }
}

/// The first observations of a watch, until `count` are there; a test that waits longer than a minute fails.
func observe(_ client: KubernetesClient, count: Int) async throws -> [String] {
    try await withThrowingTaskGroup(of: [String]?.self) { group in
        group.addTask {
            var seen: [String] = []
            for await observation in client.watch() {
                seen.append(observation.summary)
                if seen.count == count { break }
            }
            return seen
        }
        group.addTask {
            try await Task.sleep(for: .seconds(60))
            return nil
        }
        let first = try await group.next() ?? nil
        group.cancelAll()
        guard let first else { throw WireFormatError("fewer than \(count) observations came within a minute") }
        return first
    }
}

/// Expects the first observations of a watch to be these.
func expect(
    _ client: KubernetesClient, sees expected: [String], sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let seen = try await observe(client, count: expected.count)
    #expect(seen == expected, sourceLocation: sourceLocation)
}

extension ClusterObservation {
    /// One line that tests compare.
    var summary: String {
        switch self {
        case .synchronized(let snapshot):
            let pods = snapshot.pods.map { "\($0.key.name)@\($0.resourceVersion)" }.joined(separator: " ")
            return "synchronized \(pods)".trimmingSuffix(while: \.isWhitespace)
        case .changed(.pod(let pod)): return "pod \(pod.key.name)@\(pod.resourceVersion)"
        case .changed(.podDeleted(let pod)): return "deleted \(pod.key.name)/\(pod.uid)"
        case .changed(let change): return "\(change)"
        case .interrupted(let failure): return "interrupted \(failure.code)"
        case .failed(let failure): return "failed \(failure.code): \(failure)"
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var text = self
        while let last = text.last, predicate(last) { text.removeLast() }
        return text
    }
}
