import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

/// The live API spoken to directly: a second opinion in which fleet's own client has no part.
struct LiveAPI: Sendable {
    private let client: HTTPClient
    private let server: String
    private let token: String

    /// Opens a client, hands it to a body, and closes it.
    static func with(_ plane: ControlPlane, _ body: (LiveAPI) async throws -> Void) async throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(plane.authorityFile)
        let client = HTTPClient(configuration: HTTPClient.Configuration(tlsConfiguration: tls))
        do {
            try await body(LiveAPI(client: client, server: plane.server, token: plane.token))
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Sends a request and hands status and body back.
    func send(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, type: String = "application/json"
    ) async throws -> (status: Int, body: Data) {
        let response = try await client.execute(request(method, path, body, type), timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return (Int(response.status.code), Data(bytes.readableBytesView))
    }

    /// Creates an object from its JSON or YAML-free text.
    func create(_ path: String, _ body: String) async throws {
        let answer = try await send(.POST, path, body)
        guard answer.status == 201 else {
            throw Unavailable(reason: "POST \(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
    }

    /// Changes an object by a merge patch.
    func patch(_ path: String, _ body: String) async throws {
        let answer = try await send(.PATCH, path, body, type: "application/merge-patch+json")
        guard answer.status == 200 else {
            throw Unavailable(reason: "PATCH \(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
    }

    /// Reads one object.
    func read<Object: Decodable>(_ path: String, as type: Object.Type = Object.self) async throws -> Object {
        try JSONDecoder().decode(Object.self, from: try await send(.GET, path).body)
    }

    /// Reads a list.
    func list<Item: Decodable>(_ path: String, of type: Item.Type = Item.self) async throws -> [Item] {
        try JSONDecoder().decode(ObjectList<Item>.self, from: try await send(.GET, path).body).items
    }

    /// The lines of a watch, until it ends.
    func watch(_ path: String, _ line: (Data) async throws -> Void) async throws {
        let response = try await client.execute(request(.GET, path, nil, "application/json"), timeout: .hours(1))
        var rest = ByteBuffer()
        for try await chunk in response.body {
            rest.writeImmutableBuffer(chunk)
            while let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let length = end - rest.readerIndex
                let bytes = rest.readBytes(length: length + 1) ?? []
                try await line(Data(bytes))
            }
            rest.discardReadBytes()
        }
    }

    private func request(_ method: HTTPMethod, _ path: String, _ body: String?, _ type: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server + path)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        request.headers.add(name: "User-Agent", value: "live-test/1")
        request.headers.add(name: "Accept", value: "application/json")
        if let body {
            request.headers.add(name: "Content-Type", value: type)
            request.body = .bytes(ByteBuffer(string: body))
        }
        return request
    }
}

/// What the tests read of a list.
struct ObjectList<Item: Decodable>: Decodable {
    struct Metadata: Decodable { var resourceVersion: String }
    var metadata: Metadata
    var items: [Item]
}

/// What the tests read of a Pod.
struct LivePod: Decodable, Sendable {
    struct Metadata: Decodable, Sendable {
        var namespace: String
        var name: String
        var uid: String
        var labels: [String: String]?
        var deletionTimestamp: String?
        var deletionGracePeriodSeconds: Int?
    }
    struct Spec: Decodable, Sendable {
        struct Container: Decodable, Sendable { var name: String }
        var nodeName: String?
        var containers: [Container]
    }
    struct Status: Decodable, Sendable {
        struct Condition: Decodable, Sendable {
            var type: String
            var status: String
        }
        var phase: String?
        var conditions: [Condition]?
    }
    var metadata: Metadata
    var spec: Spec
    var status: Status?

    var isReady: Bool { status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } ?? false }
    var path: String { "/api/v1/namespaces/\(metadata.namespace)/pods/\(metadata.name)" }
}

/// What the tests read of a Node.
struct LiveNode: Decodable, Sendable {
    struct Metadata: Decodable, Sendable {
        var name: String
        var annotations: [String: String]?
    }
    struct Spec: Decodable, Sendable {
        struct Taint: Decodable, Sendable { var key: String }
        var unschedulable: Bool?
        var taints: [Taint]?
    }
    var metadata: Metadata
    var spec: Spec
}

/// What the tests read of a workload.
struct LiveWorkload: Decodable, Sendable {
    struct Metadata: Decodable, Sendable {
        var name: String
        var annotations: [String: String]?
    }
    struct Spec: Decodable, Sendable { var replicas: Int }
    struct Status: Decodable, Sendable { var readyReplicas: Int? }
    var metadata: Metadata
    var spec: Spec
    var status: Status
}

/// What the tests read of a PodDisruptionBudget.
struct LiveBudget: Decodable, Sendable {
    struct Spec: Decodable, Sendable {
        var minAvailable: Int?
        var maxUnavailable: Int?
    }
    var metadata: LiveWorkload.Metadata
    var spec: Spec
}

/// What the tests read of a HorizontalPodAutoscaler.
struct LiveAutoscaler: Decodable, Sendable {
    struct Spec: Decodable, Sendable { var minReplicas: Int? }
    var metadata: LiveWorkload.Metadata
    var spec: Spec
}
