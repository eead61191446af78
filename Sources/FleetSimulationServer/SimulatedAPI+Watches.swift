import FleetModel
import FleetSimulation
import FleetWire

/// A watch that is being served.
struct OpenWatch {
    let watch: Watch
    let form: Presentation
    let continuation: AsyncStream<JSONValue>.Continuation
    let deadline: ContinuousClock.Instant
    var nextBookmark: ContinuousClock.Instant
    /// Nil sends everything; a fault counts down.
    var eventsLeft: Int?
    var endsExpired = false
    var isStalled = false
    var hasSentHeader = false
}

extension SimulatedAPI {
    /// Starts a watch; its stream ends with the watch.
    func open(
        _ request: APIRequest, _ target: ResourceTarget, _ fault: WireFault.Effect?
    ) throws(APIFailure) -> AsyncStream<JSONValue> {
        let options = try ListOptions(request.query, target.resource, isWatch: true)
        if let version = options.resourceVersion, version > registry.store.revision {
            throw .tooLargeVersion(version, current: registry.store.revision)
        }
        let seconds = options.timeoutSeconds.flatMap { $0 > 0 ? $0 : nil } ?? Int.random(in: watchSeconds)
        let (stream, continuation) = AsyncStream<JSONValue>.makeStream()
        let moment = ContinuousClock.now
        let deadline = moment + .seconds(seconds)
        let early = deadline - .seconds(2)
        var open = OpenWatch(
            watch: Watch(target: target, options: options), form: Presentation(request),
            continuation: continuation, deadline: deadline,
            nextBookmark: options.allowsBookmarks ? min(moment + bookmarkInterval, max(moment, early)) : deadline)
        switch fault {
        case .watchStall: open.isStalled = true
        case .watchEnd(let count): open.eventsLeft = count
        case .watchExpired(let count):
            open.eventsLeft = count
            open.endsExpired = true
        default: break
        }
        let id = nextWatch
        nextWatch += 1
        watches[id] = open
        var beginning = registry.beginning(open.watch)
        if case .streamingListsRefused = fault, options.sendInitialEvents == true {
            beginning = [("ERROR", Watch.unsupported.json)]
        }
        for event in beginning { send(event, to: id) }
        if beginning.first?.type == "ERROR" || open.eventsLeft == 0 { close(id) }
        return stream
    }

    func send(_ event: (type: String, object: JSONValue), to id: Int) {
        guard var open = watches[id], !open.isStalled else { return }
        let object =
            event.type == "ERROR"
            ? event.object
            : open.form.object(event.object, open.watch.target.resource, now: registry.now, header: !open.hasSentHeader)
        open.hasSentHeader = true
        if event.type != "BOOKMARK", let left = open.eventsLeft { open.eventsLeft = left - 1 }
        watches[id] = open
        if case .terminated = open.continuation.yield(["type": .string(event.type), "object": object]) {
            watches[id] = nil
        }
        if open.eventsLeft == 0 { close(id) }
    }

    func bookmark(_ id: Int, at moment: ContinuousClock.Instant) {
        guard let open = watches[id] else { return }
        watches[id]?.nextBookmark = min(moment + bookmarkInterval, max(open.deadline, moment + .seconds(1)))
        if open.watch.options.allowsBookmarks {
            send(("BOOKMARK", open.watch.bookmark(revision: registry.store.revision)), to: id)
        }
    }

    func close(_ id: Int) {
        guard let open = watches.removeValue(forKey: id) else { return }
        if open.endsExpired {
            let failure = APIFailure.expired("too old resource version: 1 (\(registry.store.revision))")
            open.continuation.yield(["type": "ERROR", "object": failure.json])
        }
        open.continuation.finish()
    }
}
