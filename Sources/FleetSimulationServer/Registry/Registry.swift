import FleetModel
import FleetSimulation
import FleetWire

/// The API server's registry: generic rules for every kind, and the simulated cluster behind the modelled ones.
///
/// A value without clock or I/O: the server moves the time, hands it requests and takes the changes for its watchers.
struct Registry: Sendable {
    /// Everything stored, rendered.
    ///
    /// The JSON of a simulated object is kept here whole; what the simulation knows is laid
    /// over it at each of its changes.
    var store: ObjectStore
    /// The virtual time of what is being done.
    private(set) var now: Instant
    /// The simulated cluster.
    var simulation: ClusterSimulation
    /// Makes UIDs and name suffixes.
    var names: NameSource
    /// How late the last command's answer comes, in virtual time.
    var answerDelay: Duration = .zero
    /// Changes that watchers have not been told yet.
    private var undelivered: [StoredChange] = []
    /// Events written for the simulated cluster's own doings, oldest first.
    private var reported: [StorageKey] = []
    /// Whether the state of the beginning is shown: what comes after it is an occurrence.
    private var isStarted = false
    /// A simulated object that is being written: what the client sent, until the simulation reports its change.
    private var draft: (identity: ObjectIdentity, json: JSONValue)?

    /// A registry that shows everything that the simulation holds.
    init(_ simulation: ClusterSimulation) {
        self.simulation = simulation
        now = simulation.now
        store = ObjectStore()
        names = NameSource(seed: 0x5EED)
        for kind in SimulationKind.allCases { simulation.stored(kind).forEach { render($0) } }
        undelivered = []
        isStarted = true
    }

    /// Takes the changes for delivery.
    mutating func takeUndelivered() -> [StoredChange] {
        defer { undelivered = [] }
        return undelivered
    }

    // MARK: Time

    /// Lets the simulated cluster catch up with the virtual time.
    mutating func advance(to instant: Instant) {
        guard instant > now else { return }
        ingest(simulation.advance(to: instant))
        now = instant
    }

    /// When the simulated cluster next does something by itself; nil for never.
    var nextDue: Instant? { simulation.nextDue }

    // MARK: Storing

    /// Stores an object as it is and keeps the change for the watchers.
    mutating func put(_ storage: StorageKind, _ key: StorageKey, _ json: JSONValue) {
        if let change = store.put(storage, key, json) { undelivered.append(change) }
    }

    /// Removes an object and keeps the change for the watchers.
    mutating func remove(_ storage: StorageKind, _ key: StorageKey) {
        if let change = store.remove(storage, key) { undelivered.append(change) }
    }

    /// Hands a command to the simulated cluster and stores what changed; refusals are thrown.
    ///
    /// - Parameters:
    ///   - json: what a client wrote for one object; its unmodelled parts are kept.
    ///   - identity: that object.
    ///   - fallback: the JSON of an object that the command may remove.
    /// - Returns: the object after the write, where the simulation returns one, in wire form.
    @discardableResult
    mutating func perform(
        _ command: SimulationCommand, draft json: JSONValue? = nil, for identity: ObjectIdentity? = nil,
        isDryRun: Bool, fallback: JSONValue = .null
    ) throws(APIFailure) -> JSONValue? {
        if let json, let identity, !isDryRun { draft = (identity, json) }
        defer { draft = nil }
        let reaction = simulation.apply(command, at: now)
        answerDelay = reaction.delay
        ingest(reaction.changes)
        switch reaction.reply {
        case .done(nil): return nil
        case .done(let object?): return settle(object, json, isDryRun: isDryRun, fallback: fallback)
        case .refused(let refusal): throw APIFailure(refusal)
        case .lost: throw .connectionLost
        }
    }

    /// Hands a command to the simulated cluster that comes from beside the API.
    mutating func performUnchecked(_ command: SimulationCommand) -> SimulationReply {
        let reaction = simulation.apply(command, at: now)
        ingest(reaction.changes)
        return reaction.reply
    }

    /// The written object in wire form; a draft in which the simulation saw no change is stored now.
    private mutating func settle(
        _ object: StoredObject, _ sent: JSONValue?, isDryRun: Bool, fallback: JSONValue
    ) -> JSONValue {
        if isDryRun { return wireForm(object, over: sent ?? document(object.identity)) }
        if draft?.identity == object.identity { render(object) }
        let stored = document(object.identity)
        return stored.isNull ? wireForm(object, over: fallback) : stored
    }

    private mutating func ingest(_ changes: [SimulationChange]) {
        for change in changes {
            now = max(now, change.instant)
            if change.event != .deleted {
                render(change.stored)
                continue
            }
            if case .namespace(let namespace) = change.stored.object { removeContents(of: namespace.name) }
            render(change.stored)
            if case .node(let node) = change.stored.object { removeLease(of: node.name) }
            remove(StorageKind(change.stored.identity.kind), StorageKey(change.stored.identity.key))
        }
    }

    private mutating func render(_ object: StoredObject) {
        let identity = object.identity
        let before = document(identity)
        var base = before
        if let draft, draft.identity == identity {
            base = draft.json
            self.draft = nil
        } else if base["metadata"]["uid"].string != object.detail.uid.rawValue {
            base = .null
        }
        let json = wireForm(object, over: base)
        put(StorageKind(identity.kind), StorageKey(identity.key), json)
        report(json, before, identity.kind)
    }

    private func wireForm(_ object: StoredObject, over base: JSONValue) -> JSONValue {
        let rendering = ObjectRendering(now: now) { storage, key in store.object(storage, key)?.json ?? .null }
        return rendering.json(object, over: base)
    }

    private func document(_ identity: ObjectIdentity) -> JSONValue {
        store.object(StorageKind(identity.kind), StorageKey(identity.key))?.json ?? .null
    }

    // MARK: What goes with simulated objects

    /// Writes the Events that a change brings, and a new Node's Lease.
    private mutating func report(_ json: JSONValue, _ before: JSONValue, _ kind: SimulationKind) {
        if kind == .node, before.isNull {
            let lease = NodeLease.json(for: json, now: now)
            put(NodeLease.storage, NodeLease.key(json["metadata"]["name"].string ?? ""), lease)
        }
        guard isStarted else { return }
        for occurrence in ClusterOccurrence.all(json, before: before, kind: kind) {
            let name =
                "\(json["metadata"]["name"].string ?? "").\(names.uid().rawValue.prefix(18).filter { $0 != "-" })"
            var event = occurrence.event(about: json, name: name, now: now)
            event["metadata"]["uid"] = .string(names.uid().rawValue)
            let namespace = event["metadata"]["namespace"].string ?? "default"
            put(ClusterOccurrence.storage, StorageKey(namespace: namespace, name: name), event)
            reported.append(StorageKey(namespace: namespace, name: name))
        }
        forgetOldEvents()
    }

    /// Keeps as many Events as an hour of a small cluster brings.
    private mutating func forgetOldEvents() {
        guard reported.count > 2_000 else { return }
        for key in reported.prefix(500) { remove(ClusterOccurrence.storage, key) }
        reported.removeFirst(500)
    }

    private mutating func removeLease(of node: NodeName) { remove(NodeLease.storage, NodeLease.key(node.rawValue)) }

    /// What only the server knows of a namespace goes with it.
    private mutating func removeContents(of namespace: String) {
        for resource in ResourceCatalog.resources where resource.isNamespaced && resource.group != "events.k8s.io" {
            for object in store.list(resource.storage, namespace: namespace) { remove(resource.storage, object.key) }
        }
    }
}

extension StorageKey {
    /// The key of a simulated object.
    init(_ key: ObjectKey) { self.init(namespace: key.namespace, name: key.name) }

    /// The key as the model writes it.
    var objectKey: ObjectKey { ObjectKey(namespace, name) }
}

extension APIFailure {
    /// A refusal of the simulated cluster.
    init(_ refusal: SimulationRefusal) {
        let causes = refusal.details?.causes.map {
            Status.Cause(reason: $0.reason, message: $0.message, field: $0.field)
        }
        var details = refusal.details.map {
            Status.Details(name: $0.name, group: $0.group, kind: $0.kind, uid: $0.uid, causes: causes ?? [])
        }
        if let seconds = refusal.retryAfterSeconds, !refusal.isPlainText {
            details = details ?? Status.Details()
            details?.retryAfterSeconds = seconds
        }
        self.init(refusal.status, refusal.reason, refusal.message, details: details)
        if refusal.isPlainText { plainText = (refusal.message, refusal.retryAfterSeconds.map(Int.init)) }
    }

    /// The connection is to be cut without an answer.
    static let connectionLost = APIFailure(0, "", "connection lost")
}
