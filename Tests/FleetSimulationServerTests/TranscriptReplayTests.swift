import FleetModel
import FleetSimulation
import FleetWire
import Testing

@testable import FleetSimulationServer

/// The recorded answers of a real API server, held against the simulated one: the same status, reason, details and
/// shape of body for the same request.
///
/// Not replayed, and why:
/// - `watches.json` 2 (a watch from version 1): the real server still had all changes since; how long they are kept is
///   a setting here, and `WatchTests` covers both sides of it.
/// - Messages are compared but for numbers, UIDs, the Go runtime's words in JSON errors, and the columns' descriptions.
@Suite struct TranscriptReplayTests {
    /// Sends an exchange and compares what is answered.
    private func replay(
        _ exchange: Exchange, _ world: SimulatedWorld, body: JSONValue? = nil, path: String? = nil,
        token: String? = SimulatedWorld.admin.token, comparesMessage: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let request = APIRequest(
            method: exchange.method, target: path ?? exchange.path, accept: exchange.accept,
            contentType: exchange.contentType, userAgent: "tests/1", token: token,
            body: body?.serialized ?? exchange.body)
        let answer = try #require(await world.api.answer(request), sourceLocation: sourceLocation)
        let name = Comment(rawValue: "\(exchange.method) \(exchange.path): \(answer.body)")
        #expect(answer.code == exchange.status, name, sourceLocation: sourceLocation)
        #expect(answer.contentType == exchange.headers["content-type"], name, sourceLocation: sourceLocation)
        let retryAfter = answer.headers.first { $0.name == "Retry-After" }?.value
        #expect(retryAfter == exchange.headers["retry-after"], name, sourceLocation: sourceLocation)
        let warning = answer.headers.first { $0.name == "Warning" }?.value
        #expect(warning == exchange.headers["warning"], name, sourceLocation: sourceLocation)
        switch answer.body {
        case .text(let text): #expect(.string(text) == exchange.answer, sourceLocation: sourceLocation)
        case .watch, .bytes: Issue.record("neither a watch nor bytes were asked for", sourceLocation: sourceLocation)
        case .json(let json):
            #expect(Shape.differences(exchange.answer, json) == [], name, sourceLocation: sourceLocation)
            compareStatus(exchange.answer, json, comparesMessage: comparesMessage, sourceLocation)
        }
    }

    private func compareStatus(
        _ recorded: JSONValue, _ answered: JSONValue, comparesMessage: Bool, _ sourceLocation: SourceLocation
    ) {
        guard recorded["kind"] == "Status" else { return }
        var (wanted, found) = (recorded, answered)
        for key in ["uid"] {
            wanted.set(nil, at: "details", key)
            found.set(nil, at: "details", key)
        }
        let message = wanted.removeMember("message")?.string
        let text = found.removeMember("message")?.string
        #expect(found == wanted, sourceLocation: sourceLocation)
        if comparesMessage {
            #expect(text.map(withoutIdentity) == message.map(withoutIdentity), sourceLocation: sourceLocation)
        }
    }

    /// The text with UIDs and versions blanked out.
    private func withoutIdentity(_ text: String) -> String {
        text.split(separator: " ").map { word in
            let isUID = word.count > 30 && word.contains("-") && word.hasPrefix("(")
            return isUID ? "(UID)" : Int(word) != nil || Int(word.dropLast()) != nil ? "N" : String(word)
        }.joined(separator: " ")
    }

    private func transcriptWorld() async throws -> SimulatedWorld {
        let world = SimulatedWorld()
        try await world.makeNamespace("transcript")
        return world
    }

    @Test func serverAndErrors() async throws {
        let exchanges = try Exchange.all("server-and-errors")
        let world = SimulatedWorld()
        for exchange in exchanges[0...3] { try await replay(exchange, world) }
        try await replay(exchanges[4], world, token: "wrong")
        try await replay(exchanges[5], world, token: nil)
        for exchange in exchanges[6...9] { try await replay(exchange, world) }
        #expect(exchanges.count == 10)
    }

    @Test func nodes() async throws {
        let exchanges = try Exchange.all("nodes")
        let world = SimulatedWorld()
        for exchange in exchanges[0...2] { try await replay(exchange, world) }
        try await world.wait(for: "/api/v1/nodes/node000") { $0["spec"]["taints"].elements.count == 2 }
        try await replay(exchanges[3], world)
        for exchange in exchanges[4...11] { try await replay(exchange, world) }
        try await world.json(
            "POST", "/api/v1/nodes", ["apiVersion": "v1", "kind": "Node", "metadata": ["name": "transcript-node"]],
            code: 201)
        for exchange in exchanges[12...15] { try await replay(exchange, world) }
        #expect(exchanges.count == 16)
    }

    @Test func lists() async throws {
        let exchanges = try Exchange.all("lists")
        let world = SimulatedWorld()
        try await replay(exchanges[0], world)
        let first = try await world.json("GET", exchanges[0].path, code: 200)
        let token = try #require(first["metadata"]["continue"].string)
        try await replay(exchanges[1], world, path: "/api/v1/nodes?limit=2&continue=\(token)")
        try await replay(exchanges[2], world, comparesMessage: false)
        for exchange in exchanges[3...9] { try await replay(exchange, world) }
        #expect(exchanges.count == 10)
    }

    @Test func evictions() async throws {
        let exchanges = try Exchange.all("evictions")
        let world = try await transcriptWorld()
        for name in ["plain", "guarded", "twice", "dry", "fresh"] { try await world.makePod(name) }
        try await world.makeBudget("guarded", for: "guarded", ("minAvailable", 1))
        try await world.makeBudget("twice-a", for: "twice", ("maxUnavailable", 1))
        try await world.makeBudget("twice-b", for: "twice", ("maxUnavailable", 1))
        try await world.makeBudget("fresh", for: "fresh", ("maxUnavailable", 1))
        let plain = "/api/v1/namespaces/transcript/pods/plain"
        await world.api.perform(.fault(.ignoresTermination(ObjectKey("transcript", "plain"))))
        for exchange in exchanges[0...15] { try await replay(exchange, world) }
        try await world.json("DELETE", plain + "?gracePeriodSeconds=0", code: 200)
        try await replay(exchanges[16], world)
        #expect(exchanges.count == 17)
    }

    @Test func deletion() async throws {
        let exchanges = try Exchange.all("deletion")
        let world = try await transcriptWorld()
        for name in ["slow", "now"] { try await world.makePod(name) }
        for exchange in exchanges { try await replay(exchange, world) }
        #expect(exchanges.count == 4)
    }

    @Test func controllersAndScale() async throws {
        let exchanges = try Exchange.all("controllers-and-scale")
        let world = try await transcriptWorld()
        try await world.makeDeployment("single")
        for exchange in exchanges { try await replay(exchange, world) }
        #expect(exchanges.count == 8)
    }

    @Test func leasesEventsAndTokens() async throws {
        let exchanges = try Exchange.all("leases-events-tokens")
        let world = try await transcriptWorld()
        for exchange in exchanges[0...1] { try await replay(exchange, world) }
        let path = exchanges[2].path
        var lease = try await world.json("GET", path, code: 200)
        lease["spec"]["holderIdentity"] = "two"
        try await replay(exchanges[2], world, body: lease)
        lease["spec"]["holderIdentity"] = "one"
        try await replay(exchanges[3], world, body: lease)
        for exchange in exchanges[4...5] { try await replay(exchange, world) }
        try await replay(exchanges[6], world, token: "abcdef.0123456789abcdef")
        for exchange in exchanges[7...8] { try await replay(exchange, world) }
        #expect(exchanges.count == 9)
    }

    @Test func terminatingNamespace() async throws {
        let exchanges = try Exchange.all("terminating-namespace")
        let world = try await transcriptWorld()
        try await world.makePod("held", finalizers: ["example.com/hold"])
        await world.api.perform(.fault(.controller(.workloads, isPaused: true)))
        try await world.json("DELETE", "/api/v1/namespaces/transcript", code: 200)
        for exchange in exchanges { try await replay(exchange, world) }
        #expect(exchanges.count == 3)
    }

    @Test func watchesThatAreRefused() async throws {
        let exchanges = try Exchange.all("watches")
        let world = try await transcriptWorld()
        try await replay(exchanges[3], world)
        #expect(exchanges.count == 4)
    }

    /// A pod's life under eviction, event by event.
    @Test func watchOfAPodsLife() async throws {
        let recorded = try Exchange.all("watches")[0].events.filter { $0["object"]["metadata"]["name"] == "watched" }
        let world = try await transcriptWorld()
        let version = try await world.json("GET", "/api/v1/namespaces/transcript/pods", code: 200)["metadata"][
            "resourceVersion"]
        let path = "/api/v1/namespaces/transcript/pods"
        let answer = await world.send("GET", "\(path)?watch=1&resourceVersion=\(version.string ?? "")&timeoutSeconds=3")
        guard case .watch(let events)? = answer?.body else {
            Issue.record("no watch")
            return
        }
        try await world.makePod("watched")
        try await world.json(
            "POST", "\(path)/watched/eviction",
            [
                "apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "watched"],
                "deleteOptions": ["gracePeriodSeconds": 1],
            ], code: 201)
        try await world.wait(for: path) { $0["items"].elements.isEmpty }
        await world.api.endWatches()
        var seen: [JSONValue] = []
        for await event in events { seen.append(event) }
        #expect(milestones(seen) == milestones(recorded))
    }

    /// What matters in each event, without repetitions: the kubelet's steps on the way to Ready may be more or fewer.
    private func milestones(_ events: [JSONValue]) -> [String] {
        let all = events.map { event -> String in
            let (metadata, status) = (event["object"]["metadata"], event["object"]["status"])
            let ready = status["conditions"].elements.contains { $0["type"] == "Ready" && $0["status"] == "True" }
            let target = status["conditions"].elements.contains { $0["type"] == "DisruptionTarget" }
            let grace = metadata["deletionGracePeriodSeconds"].int.map { "\($0)" } ?? "-"
            let isGoing = !metadata["deletionTimestamp"].isNull
            return "\(event["type"].string ?? "") ready \(isGoing || ready) target \(target) grace \(grace) "
                + "generation \(metadata["generation"].int ?? 0)"
        }
        return all.uniqued().filter { $0 != "MODIFIED ready false target false grace - generation 1" }
    }

    /// A streaming list: the state, then the bookmark that ends it.
    @Test func streamingList() async throws {
        let recorded = try Exchange.all("watches")[1]
        let world = try await transcriptWorld()
        for name in ["fresh", "guarded"] { try await world.makePod(name) }
        guard case .watch(let events)? = await world.send("GET", recorded.path)?.body else {
            Issue.record("no watch")
            return
        }
        var seen: [JSONValue] = []
        for await event in events {
            seen.append(event)
            if event["type"] == "BOOKMARK" { break }
        }
        #expect(seen.map { $0["type"].string } == ["ADDED", "ADDED", "BOOKMARK"])
        let bookmark = try #require(recorded.events.last { $0["type"] == "BOOKMARK" })
        var last = try #require(seen.last)
        last["object"]["metadata"]["resourceVersion"] = bookmark["object"]["metadata"]["resourceVersion"]
        #expect(last == bookmark)
        #expect(Shape.differences(recorded.events[0], seen[0]) == [])
    }
}
