import FleetModel
import FleetSimulation
import FleetWire

/// The API server: authentication, authorisation, faults, audit, watches, and the registry behind them.
actor SimulatedAPI {
    var registry: Registry
    private(set) var audit = Audit()
    private var access: Access
    private var faults: [WireFault] = []
    var watches: [Int: OpenWatch] = [:]
    var nextWatch = 0
    private let clock: VirtualClock
    let watchSeconds: ClosedRange<Int>
    let bookmarkInterval: Duration
    private var alarm: Task<Void, Never>?
    private var isStopping = false
    var address = ""

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
            await withTaskCancellationHandler {
                await alarm.value
            } onCancel: {
                alarm.cancel()
            }
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

    func createConfigMap(_ name: String, in namespace: String, data: [String: String]) throws(APIFailure) {
        guard let resource = ResourceCatalog.resources.first(where: { $0.name == "configmaps" }) else { return }
        let entries = data.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        let target = ResourceTarget(resource: resource, namespace: namespace, name: nil, subresource: nil)
        _ = try registry.create(
            target,
            [
                "apiVersion": "v1", "kind": "ConfigMap", "data": .object(JSONObject(entries)),
                "metadata": ["name": .string(name), "namespace": .string(namespace)],
            ], isDryRun: false)
    }

    /// Makes a Secret in `kube-system`, or deletes it, beside the API.
    func setBootstrapToken(_ id: String, secret: String?) throws(APIFailure) {
        defer { registry.signClusterInfo() }
        let name = "bootstrap-token-\(id)"
        guard let resource = ResourceCatalog.resources.first(where: { $0.name == "secrets" }) else { return }
        guard let secret else {
            registry.remove(resource.storage, StorageKey(namespace: "kube-system", name: name))
            return
        }
        let target = ResourceTarget(resource: resource, namespace: "kube-system", name: nil, subresource: nil)
        _ = try registry.create(
            target,
            [
                "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
                "metadata": ["name": .string(name), "namespace": "kube-system"],
                "stringData": [
                    "token-id": .string(id), "token-secret": .string(secret), "usage-bootstrap-signing": "true",
                    "usage-bootstrap-authentication": "true",
                ],
            ], isDryRun: false)
    }

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

    /// Notes an eviction that was accepted.
    func noteEviction(of pod: ObjectUID) { audit.countEviction(of: pod) }

    /// Answers a request; nil cuts the connection.
    func answer(_ request: APIRequest) async -> APIAnswer? {
        advance()
        let target = RequestTarget(request.segments)
        let verb = APIVerb.of(request, target)
        let fault = takeFault(verb: verb.name, resource: verb.resource, agent: request.userAgent)
        var answer = await answer(request, target, verb, fault)
        if verb.resource == "secrets" { registry.signClusterInfo() }
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
                try access.authorise(account, verb.name, resource, only: request.query["fieldSelector"])
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
}
