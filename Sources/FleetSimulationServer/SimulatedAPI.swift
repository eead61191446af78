import FleetModel
import FleetSimulation
import FleetWire

/// The API server: authentication, authorisation, faults, audit, watches, and the registry behind them.
actor SimulatedAPI {
    private(set) var registry: Registry
    private(set) var audit = Audit()
    private var access: Access
    private var faults: [WireFault] = []
    private var watches: [Int: OpenWatch] = [:]
    private var nextWatch = 0
    private let clock: VirtualClock
    private let watchSeconds: ClosedRange<Int>
    private let bookmarkInterval: Duration
    private var alarm: Task<Void, Never>?
    private var isStopping = false
    private var address = ""

    init(_ simulation: ClusterSimulation, clock: VirtualClock, settings: SimulationServer.Settings) {
        registry = Registry(simulation)
        registry.store.logLimit = settings.changesKept
        self.clock = clock
        access = Access(accounts: settings.accounts)
        watchSeconds = settings.watchSeconds
        bookmarkInterval = settings.bookmarkInterval
    }

    // MARK: Time

    /// Keeps the simulated cluster in step with the virtual clock, until the task is cancelled.
    func drive() async {
        while !Task.isCancelled, !isStopping {
            let pause = turn()
            let alarm = Task { _ = try? await Task.sleep(for: pause) }
            self.alarm = alarm
            await withTaskCancellationHandler { await alarm.value } onCancel: { alarm.cancel() }
        }
    }

    /// Brings everything up to date; returns how long nothing is to be done, in real time.
    private func turn() -> Duration {
        advance()
        let moment = ContinuousClock.now
        for (id, watch) in watches where watch.nextBookmark <= moment { bookmark(id, at: moment) }
        for (id, watch) in watches where watch.deadline <= moment { close(id) }
        let times = watches.values.flatMap { [$0.deadline, $0.nextBookmark] }
        let watchPause = times.min().map { moment.duration(to: $0) } ?? .seconds(60)
        let clusterPause = registry.nextDue.map { clock.realTime(until: $0) } ?? .seconds(60)
        return max(.milliseconds(1), min(watchPause, clusterPause))
    }

    private func advance() {
        registry.advance(to: clock.now)
        deliver()
    }

    private func deliver() {
        let changes = registry.takeUndelivered()
        guard !changes.isEmpty else { return }
        for change in changes {
            for (id, watch) in watches {
                if let event = watch.watch.event(change) { send(event, to: id) }
            }
        }
    }

    // MARK: Tests and demonstrations

    func inject(_ fault: WireFault) { faults.append(fault) }

    func clearFaults() { faults = [] }

    func compact() { registry.store.compact(through: registry.store.revision) }

    func endWatches() { for id in watches.keys { close(id) } }

    func add(_ account: Account) { access.accounts.append(account) }

    @discardableResult
    func perform(_ command: SimulationCommand) -> SimulationReply {
        advance()
        let reply = registry.performUnchecked(command)
        deliver()
        alarm?.cancel()
        return reply
    }

    func listen(at address: String) { self.address = address }

    func stop() {
        isStopping = true
        alarm?.cancel()
        endWatches()
    }

    // MARK: Requests

    /// Answers a request; nil cuts the connection.
    func answer(_ request: APIRequest) async -> APIAnswer? {
        advance()
        let target = RequestTarget(request.segments)
        let verb = APIVerb.of(request, target)
        let fault = takeFault(verb: verb.name, resource: verb.resource, agent: request.userAgent)
        var answer = await answer(request, target, verb, fault)
        deliver()
        alarm?.cancel()
        let agent = request.userAgent.prefix { $0 != "/" && $0 != " " }
        let code = answer?.code ?? 0
        audit.count(Audit.Entry(agent: String(agent), verb: verb.name, resource: verb.resource, code: code))
        answer?.headers += [
            ("X-Kubernetes-PF-FlowSchema-UID", "5f1c3a52-0000-4000-8000-000000000001"),
            ("X-Kubernetes-PF-PriorityLevel-UID", "5f1c3a52-0000-4000-8000-000000000002"),
        ]
        return answer
    }

    private func answer(
        _ request: APIRequest, _ target: RequestTarget, _ verb: APIVerb, _ fault: WireFault.Effect?
    ) async -> APIAnswer? {
        switch fault {
        case .throttled(let seconds):
            return APIAnswer(.plainText(429, "Too many requests, please try again later.", retryAfter: seconds))
        case .status(let code, let reason, let message, let seconds):
            let details = Status.Details(retryAfterSeconds: Int64(seconds))
            return APIAnswer(APIFailure(code, reason, message, details: seconds > 0 ? details : nil))
        case .timedOut(let lands):
            if lands { _ = attempt(request, target, verb, nil) }
            return APIAnswer(
                APIFailure(504, "Timeout", "Timeout: request did not complete within the allotted timeout"))
        case .cut(let lands):
            if lands { _ = attempt(request, target, verb, nil) }
            return nil
        case .latency(let pause):
            try? await Task.sleep(for: pause)
            advance()
            return attempt(request, target, verb, nil)
        default: break
        }
        registry.answerDelay = .zero
        let answer = attempt(request, target, verb, fault)
        let delay = clock.realTime(for: registry.answerDelay)
        if delay > .zero { try? await Task.sleep(for: delay) }
        return answer
    }

    private func attempt(
        _ request: APIRequest, _ target: RequestTarget, _ verb: APIVerb, _ fault: WireFault.Effect?
    ) -> APIAnswer? {
        do throws(APIFailure) {
            let account = try access.account(request, registry)
            if case .resource(let resource) = target {
                try access.authorise(account, verb.name, resource)
                return try respond(request, resource, verb, account, fault)
            }
            return try document(request, target, account)
        } catch {
            return error.status.code == 0 ? nil : APIAnswer(error)
        }
    }

    private func takeFault(verb: String, resource: String, agent: String) -> WireFault.Effect? {
        guard let index = faults.firstIndex(where: { $0.matches(verb: verb, resource: resource, agent: agent) }) else {
            return nil
        }
        faults[index].count -= 1
        defer { if faults[index].count == 0 { faults.remove(at: index) } }
        return faults[index].effect
    }

    // MARK: Documents

    private func document(
        _ request: APIRequest, _ target: RequestTarget, _ account: Account
    ) throws(APIFailure) -> APIAnswer {
        guard request.method == "GET" || request.method == "HEAD" else { throw .methodNotAllowed }
        switch target {
        case .health: return .text("ok")
        case .version: return .json(Discovery.version)
        case .coreVersions: return discovery(request, core: true)
        case .groups: return discovery(request, core: false)
        case .group(let name): return try found(Discovery.group(name))
        case .resources(let group, let version): return try found(Discovery.resources(group: group, version: version))
        case .openAPI(["v2"]): return openAPIVersion2
        case .openAPI(let path): return try found(OpenAPI.document(path))
        case .resource, .unknown: throw .noSuchPath
        }
    }

    private func discovery(_ request: APIRequest, core: Bool) -> APIAnswer {
        guard AggregatedDiscovery.isAccepted(request.accept) else {
            return .json(core ? Discovery.coreVersions(address: address) : Discovery.groups)
        }
        var answer = APIAnswer.json(AggregatedDiscovery.document(core: core))
        answer.contentType = AggregatedDiscovery.mediaType
        return answer
    }

    private var openAPIVersion2: APIAnswer {
        var answer = APIAnswer(.bytes(OpenAPIVersion2.document))
        answer.contentType = OpenAPIVersion2.mediaType
        return answer
    }

    private func found(_ document: JSONValue?) throws(APIFailure) -> APIAnswer {
        guard let document else { throw .noSuchPath }
        return .json(document)
    }

    // MARK: Resources

    private func respond(
        _ request: APIRequest, _ target: ResourceTarget, _ verb: APIVerb, _ account: Account,
        _ fault: WireFault.Effect?
    ) throws(APIFailure) -> APIAnswer {
        if target.resource.isCreateOnly { return try review(request, target, account) }
        if verb.name == "watch" { return .init(.watch(try open(request, target, fault))) }
        if let subresource = target.subresource, !["status", "approval", "finalize"].contains(subresource) {
            return try respond(request, target, subresource: subresource)
        }
        let form = Presentation(request)
        func shown(_ json: JSONValue, code: Int = 200) -> APIAnswer {
            .json(form.object(json, target.resource, now: registry.now), code: code)
        }
        let isDryRun = try DryRun.isSet(request.query["dryRun"].map { [$0] } ?? [])
        switch verb.name {
        case "get": return shown(try registry.stored(target))
        case "list":
            let options = try ListOptions(request.query, target.resource, isWatch: false)
            return .json(form.list(try registry.list(target, options), target.resource, now: registry.now))
        case "create": return shown(try registry.create(target, try body(request, target), isDryRun: isDryRun), code: 201)
        case "update": return try update(request, target, isDryRun: isDryRun, shown)
        case "patch": return try patch(request, target, isDryRun: isDryRun, shown)
        case "delete": return try delete(request, target)
        case "deletecollection": return try deleteCollection(request, target, form)
        default: throw .methodNotAllowed
        }
    }

    private func body(_ request: APIRequest, _ target: ResourceTarget) throws(APIFailure) -> JSONValue {
        if request.contentType.contains("protobuf") { throw .unsupportedMediaType }
        return try RequestBody.object(
            request.body, kind: target.resource.kind, groupVersions: [target.resource.groupVersion])
    }

    private func update(
        _ request: APIRequest, _ target: ResourceTarget, isDryRun: Bool, _ shown: (JSONValue, Int) -> APIAnswer
    ) throws(APIFailure) -> APIAnswer {
        let json = try body(request, target)
        let exists = registry.store.object(target.resource.storage, target.key) != nil
        if !exists, target.resource.allowsCreateOnUpdate {
            return shown(try registry.create(target, json, isDryRun: isDryRun), 201)
        }
        return shown(try registry.update(target, json, isDryRun: isDryRun), 200)
    }

    private func patch(
        _ request: APIRequest, _ target: ResourceTarget, isDryRun: Bool, _ shown: (JSONValue, Int) -> APIAnswer
    ) throws(APIFailure) -> APIAnswer {
        let patch = try PatchRequest(
            contentType: request.contentType, body: request.body, fieldManager: request.query["fieldManager"])
        let warnings = patch.warnings.map { ("Warning", "299 - \"\(escaped($0))\"") }
        var answer: APIAnswer
        do throws(APIFailure) {
            let (json, isNew) = try registry.patch(target, patch, isDryRun: isDryRun)
            answer = shown(json, isNew ? 201 : 200)
        } catch where !warnings.isEmpty {
            answer = APIAnswer(error)
        }
        answer.headers += warnings.map { (name: $0.0, value: $0.1) }
        return answer
    }

    private func escaped(_ text: String) -> String { text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") }

    private func delete(_ request: APIRequest, _ target: ResourceTarget) throws(APIFailure) -> APIAnswer {
        let uid = try registry.stored(target)["metadata"]["uid"].string ?? ""
        if let object = try registry.delete(target, try deletion(request)) { return .json(object) }
        return .deleted(target.resource, name: target.name ?? "", uid: uid)
    }

    private func deleteCollection(
        _ request: APIRequest, _ target: ResourceTarget, _ form: Presentation
    ) throws(APIFailure) -> APIAnswer {
        let options = try ListOptions(request.query, target.resource, isWatch: false)
        let page = try registry.deleteCollection(target, options, try deletion(request))
        return .json(form.list(page, target.resource, now: registry.now))
    }

    private func deletion(_ request: APIRequest) throws(APIFailure) -> DeletionRequest {
        let options =
            request.body.isEmpty
            ? JSONValue.emptyObject : try RequestBody.parse(request.body, kind: "DeleteOptions")
        return try DeletionRequest(options, query: request.query)
    }

    private func respond(
        _ request: APIRequest, _ target: ResourceTarget, subresource: String
    ) throws(APIFailure) -> APIAnswer {
        let isDryRun = try DryRun.isSet(request.query["dryRun"].map { [$0] } ?? [])
        switch (subresource, request.method) {
        case ("eviction", "POST"):
            try registry.evict(target, request)
            return .success(code: 201)
        case ("binding", "POST"):
            try registry.bind(target, request, isDryRun: isDryRun)
            return .success(code: 201)
        case ("scale", "GET"): return .json(try registry.scale(target))
        case ("scale", "PUT"):
            let sent = try RequestBody.object(request.body, kind: "Scale", groupVersions: ["autoscaling/v1"])
            return .json(try registry.updateScale(target, sent, isDryRun: isDryRun))
        case ("scale", "PATCH"):
            let patch = try PatchRequest(
                contentType: request.contentType, body: request.body, fieldManager: request.query["fieldManager"])
            let patched = try patch.apply(to: try registry.scale(target))
            return .json(try registry.updateScale(target, patched, isDryRun: isDryRun))
        case ("log", "GET"):
            _ = try registry.stored(target)
            throw .noSuchPath
        default: throw .methodNotAllowed
        }
    }

    private func review(
        _ request: APIRequest, _ target: ResourceTarget, _ account: Account
    ) throws(APIFailure) -> APIAnswer {
        guard request.method == "POST" else { throw .methodNotAllowed }
        var json = try body(request, target)
        if json["metadata"].isNull { json["metadata"] = .emptyObject }
        if target.resource.kind == "SelfSubjectReview" {
            json["status"] = ["userInfo": ["username": .string(account.user), "groups": .strings(account.groups)]]
            return .json(json, code: 201)
        }
        let asked = json["spec"]["resourceAttributes"]
        let subresource = asked["subresource"].string.flatMap { $0.isEmpty ? nil : "/\($0)" } ?? ""
        let allowed = account.permits(asked["verb"].string ?? "get", (asked["resource"].string ?? "*") + subresource)
        json["status"] = ["allowed": .bool(allowed)]
        return .json(json, code: 201)
    }

    // MARK: Watches

    /// A watch that is being served.
    private struct OpenWatch {
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

    private func open(
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
            watch: Watch(target: target.watched(options), options: options), form: Presentation(request),
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
        let beginning = registry.beginning(open.watch)
        for event in beginning { send(event, to: id) }
        if beginning.first?.type == "ERROR" || open.eventsLeft == 0 { close(id) }
        return stream
    }

    private func send(_ event: (type: String, object: JSONValue), to id: Int) {
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

    private func bookmark(_ id: Int, at moment: ContinuousClock.Instant) {
        guard let open = watches[id] else { return }
        watches[id]?.nextBookmark = min(moment + bookmarkInterval, max(open.deadline, moment + .seconds(1)))
        if open.watch.options.allowsBookmarks {
            send(("BOOKMARK", open.watch.bookmark(revision: registry.store.revision)), to: id)
        }
    }

    private func close(_ id: Int) {
        guard let open = watches.removeValue(forKey: id) else { return }
        if open.endsExpired {
            let failure = APIFailure.expired("too old resource version: 1 (\(registry.store.revision))")
            open.continuation.yield(["type": "ERROR", "object": failure.json])
        }
        open.continuation.finish()
    }
}

extension ResourceTarget {
    /// A watch of one object is a watch of its collection with a field selector.
    fileprivate func watched(_ options: ListOptions) -> ResourceTarget {
        ResourceTarget(resource: resource, namespace: namespace, name: nil, subresource: nil)
    }
}
