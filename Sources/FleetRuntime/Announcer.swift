public import FleetModel
public import FleetPorts

/// Something to be told to the world about a run; nothing depends on whether it arrives.
public enum Announcement: Sendable {
    /// An Event on a Node.
    case event(NodeEvent)
    /// A notice to a person, by what is called so in warnings.
    case notice(LocalAct, to: String)
}

/// Tells the world about a run while it goes on, without ever holding it up.
///
/// Events and notices are sent in their order, each kind by itself; what cannot be delivered is a warning.
public struct Announcer: Sendable {
    private let cluster: any ClusterPort
    private let local: any LocalPort
    private let warn: @Sendable (String) -> Void
    private let events: (stream: AsyncStream<NodeEvent>, tail: AsyncStream<NodeEvent>.Continuation)
    private let notices: (stream: AsyncStream<Wish>, tail: AsyncStream<Wish>.Continuation)

    private enum Part { case events, notices, patience }

    private struct Wish: Sendable {
        var act: LocalAct
        var receiver: String
    }

    /// How often a notice that was not delivered is tried again, and the pauses in between.
    private static let pauses: [Duration] = [.seconds(1), .seconds(4)]

    /// An announcer over the two ports; `warn` is told what could not be delivered.
    public init(cluster: any ClusterPort, local: any LocalPort, warn: @escaping @Sendable (String) -> Void) {
        self.cluster = cluster
        self.local = local
        self.warn = warn
        let (events, eventTail) = AsyncStream.makeStream(of: NodeEvent.self)
        let (notices, noticeTail) = AsyncStream.makeStream(of: Wish.self)
        self.events = (events, eventTail)
        self.notices = (notices, noticeTail)
    }

    /// Takes something to be told; returns at once.
    public func take(_ announcement: Announcement) {
        switch announcement {
        case .event(let event): events.tail.yield(event)
        case .notice(let act, let receiver): notices.tail.yield(Wish(act: act, receiver: receiver))
        }
    }

    /// Carries out a body, tells meanwhile what it gives, and then what is left for at most 15 seconds.
    public func during<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask { await sendEvents() }
            group.addTask { await sendNotices() }
            defer { group.cancelAll() }
            let outcome: Swift.Result<Result, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            close()
            group.addTask {
                try? await ContinuousClock().sleep(for: .seconds(15))
                return .patience
            }
            var open: Set<Part> = [.events, .notices]
            while !open.isEmpty, let ended = try await group.next(), ended != .patience { open.remove(ended) }
            return try outcome.get()
        }
    }

    private func close() {
        events.tail.finish()
        notices.tail.finish()
    }

    /// Once the cluster refuses Events for good, no more are sent.
    private func sendEvents() async -> Part {
        var isRefused = false
        for await event in events.stream where !isRefused {
            guard case .failed(let failure) = await cluster.perform(.recordEvent(event)) else { continue }
            isRefused = [.forbidden, .unauthorized, .invalid].contains(failure.code)
            warn("no Event on Node \(event.node): \(failure.message)\(isRefused ? "; no more are sent" : "")")
        }
        return .events
    }

    private func sendNotices() async -> Part {
        for await wish in notices.stream {
            var report = await local.perform(wish.act)
            for pause in Self.pauses where !report.isSuccess && Self.mayBeRepeated(wish.act) {
                guard (try? await ContinuousClock().sleep(for: pause)) != nil else { break }
                report = await local.perform(wish.act)
            }
            guard !report.isSuccess else { continue }
            let words = report.message.isEmpty ? report.code : "\(report.code): \(report.message)"
            warn("a notice to \(wish.receiver) was not delivered: \(words)")
        }
        return .notices
    }

    private static func mayBeRepeated(_ act: LocalAct) -> Bool { if case .request = act { true } else { false } }
}
