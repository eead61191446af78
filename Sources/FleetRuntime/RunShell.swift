public import FleetModel
public import FleetPorts
public import FleetRun

/// One recorded fact with its place in the journal.
public struct RecordedEvent: Sendable {
    /// The position in the run, from 1.
    public var sequence: Int64
    /// When.
    public var time: Instant
    /// The fact.
    public var event: RunEvent

    /// A recorded fact.
    public init(sequence: Int64, time: Instant, event: RunEvent) {
        self.sequence = sequence
        self.time = time
        self.event = event
    }
}

/// The imperative shell of a run: it journals what the machine says, then does it, and tells the machine what came of
/// it.
///
/// Nothing is done before its intent is on disk. The shell decides nothing.
public struct RunShell: Sendable {
    private let cluster: any ClusterPort
    private let hosts: any HostPort
    private let local: any LocalPort
    private let journal: any JournalPort
    private let endpoints: [NodeName: HostEndpoint]
    private let run: RunID
    private let lease: ClusterLease?
    private let clock: RuntimeClock

    /// A shell over the ports; `endpoints` says how each node's host is reached, `lease` is the cluster's lock,
    /// which is renewed while the shell drives (nil where nobody else can be at work, as in tests).
    public init(
        run: RunID, cluster: any ClusterPort, hosts: any HostPort, local: any LocalPort,
        journal: any JournalPort, endpoints: [NodeName: HostEndpoint], lease: ClusterLease? = nil,
        clock: RuntimeClock = RuntimeClock()
    ) {
        self.run = run
        self.lease = lease
        self.cluster = cluster
        self.hosts = hosts
        self.local = local
        self.journal = journal
        self.endpoints = endpoints
        self.clock = clock
    }

    /// Drives the machine to its end and returns how the run ended.
    ///
    /// - Parameters:
    ///   - machine: A machine built from the journal's history.
    ///   - lastSequence: The sequence of the last record of that history; 0 for a new run.
    ///   - heard: The number of the last request that was stored when the run was claimed; what came later counts.
    ///   - stops: Requests to stop gracefully, each with the name of who asks, such as `SIGINT`.
    ///   - observer: Is told each fact once it is on disk.
    /// - Throws: `JournalFailure` when facts cannot be recorded; nothing was done without a record.
    public func drive(
        _ machine: RunMachine, after lastSequence: Int64 = 0, heard: Int64 = 0, stops: AsyncStream<String>,
        observer: @escaping @Sendable ([RecordedEvent]) -> Void
    ) async throws -> RunResult {
        let mailbox = Mailbox<Observation>()
        return try await withThrowingDiscardingTaskGroup { group in
            let pulse = Pulse(at: clock.now)
            let (relists, relist) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            group.addTask { await follow(into: mailbox, anewAfter: relists) }
            group.addTask { await beat(pulse, mailbox) }
            group.addTask { for await by in stops { mailbox.post(.stopRequested(by: by)) } }
            group.addTask { await listen(into: mailbox, after: heard) }
            if let lease { group.addTask { await lease.keep { mailbox.post(.lockLost($0)) } } }
            defer { group.cancelAll() }
            var turn = Turn(machine: machine, sequence: lastSequence)
            // What is lost is not asked about again: the run winds down.
            var isLost = false
            for await _ in mailbox.signals {
                var observations = mailbox.takeAll()
                if let gap = pulse.takeSilence(at: clock.now) {
                    relist.yield()
                    observations.insert(.suspended(for: gap), at: 0)
                }
                // Before anything else is done: somebody may have taken the cluster over meanwhile.
                if !isLost, let lease, lease.isDoubtful(at: clock.now), let reason = await lease.confirm() {
                    isLost = true
                    observations.append(.lockLost(reason))
                }
                let reaction = turn.handle(observations, at: clock.now)
                try await record(reaction.events, observer)
                if let result = reaction.result { return result }
                for act in reaction.acts { group.addTask { await perform(act, mailbox) } }
                if let deadline = turn.newTimer(for: reaction.deadline, at: clock.now) {
                    group.addTask { await wake(mailbox, at: deadline) }
                }
            }
            throw CancellationError()
        }
    }

    private func beat(_ pulse: Pulse, _ mailbox: Mailbox<Observation>) async {
        var setBy = Duration.zero
        while (try? await clock.sleep(until: clock.now + Pulse.interval)) != nil {
            if pulse.beat(at: clock.now) { mailbox.post(.tick) }
            let found = clock.setBy
            guard found != setBy else { continue }
            setBy = found
            mailbox.post(.clockSet(by: found))
        }
    }

    /// Follows the cluster; anew, from lists on, whenever that is asked for.
    private func follow(into mailbox: Mailbox<Observation>, anewAfter relists: AsyncStream<Void>) async {
        var isAskedFor = true
        while isAskedFor, !Task.isCancelled {
            isAskedFor = await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    await follow(into: mailbox)
                    return false
                }
                group.addTask {
                    for await _ in relists { return true }
                    return false
                }
                defer { group.cancelAll() }
                return await group.next() ?? false
            }
        }
    }

    private func follow(into mailbox: Mailbox<Observation>) async {
        for await observation in cluster.watch() {
            switch observation {
            case .synchronized(let snapshot): mailbox.post(.synchronized(snapshot))
            case .changed(let change): mailbox.post(.changed(change))
            case .interrupted(let failure): mailbox.post(.interrupted(failure))
            case .failed(let failure): mailbox.post(.lost(failure))
            }
        }
    }

    /// Looks about once a second for what other processes ask of the run; what was asked before it was claimed is void.
    private func listen(into mailbox: Mailbox<Observation>, after number: Int64) async {
        var number = number
        while (try? await clock.sleep(until: clock.now + .seconds(1))) != nil {
            for request in (try? await journal.requests(of: run, after: number)) ?? [] {
                number = request.number
                guard let kind = StopKind(rawValue: request.kind) else { continue }
                mailbox.post(.stopRequested(by: "fleet \(request.kind) of \(request.by)", kind: kind))
            }
        }
    }

    private func wake(_ mailbox: Mailbox<Observation>, at deadline: Instant) async {
        guard (try? await clock.sleep(until: deadline)) != nil else { return }
        mailbox.post(.tick)
    }

    private func record(
        _ events: [RecordedEvent], _ observer: @Sendable ([RecordedEvent]) -> Void
    ) async throws {
        guard !events.isEmpty else { return }
        let records = try events.map { try $0.event.record(sequence: $0.sequence, at: $0.time) }
        try await journal.append(records, to: run)
        observer(events)
    }

    private func perform(_ act: Turn.Act, _ mailbox: Mailbox<Observation>) async {
        switch act.operation {
        case .cluster(let request):
            let sent = clock.now
            let outcome = await cluster.perform(request)
            mailbox.post(.completed(id: act.id, .cluster(outcome), after: clock.now - sent))
        case .host(let command):
            mailbox.post(.completed(id: act.id, .host(await execute(command, for: act.node))))
        case .otherHost(let name, let command):
            mailbox.post(.completed(id: act.id, .host(await execute(command, for: name))))
        case .nodeHealth(let name):
            mailbox.post(.completed(id: act.id, .nodeHealth(await health(of: name))))
        case .local(let wish):
            mailbox.post(.completed(id: act.id, .local(await local.perform(wish).redacted(for: wish))))
        }
    }

    private func health(of name: NodeName) async -> Result<NodeHealth?, ClusterFailure> {
        do throws(ClusterFailure) { return .success(try await cluster.health(of: name)) } catch {
            return .failure(error)
        }
    }

    private func execute(_ command: HostCommand, for node: NodeName?) async -> HostReport {
        guard let node, let endpoint = endpoints[node] else {
            return HostReport(outcome: .neverStarted("the inventory has no host for Node \(node?.rawValue ?? "")"))
        }
        return await hosts.run(command, on: endpoint).redacted(for: command)
    }
}

/// The machine with what the shell must remember of it between turns.
private struct Turn {
    struct Act: Sendable {
        var id: Int
        var node: NodeName?
        var operation: Operation
    }

    struct Sum {
        var events: [RecordedEvent] = []
        var acts: [Act] = []
        var result: RunResult?
        var deadline: Instant?
    }

    private var machine: RunMachine
    private var sequence: Int64
    private var timers: [Instant] = []

    init(machine: RunMachine, sequence: Int64) {
        self.machine = machine
        self.sequence = sequence
    }

    /// Tells the machine everything that came in, and sums up what it wants.
    mutating func handle(_ observations: [Observation], at now: Instant) -> Sum {
        var sum = Sum()
        let reaction = machine.handle(observations, at: now)
        for event in reaction.events {
            sequence += 1
            sum.events.append(RecordedEvent(sequence: sequence, time: now, event: event))
        }
        for directive in reaction.directives { take(directive, into: &sum) }
        sum.deadline = reaction.deadline
        return sum
    }

    private func take(_ directive: Directive, into sum: inout Sum) {
        switch directive {
        case .perform(let id, let node, let operation): sum.acts.append(Act(id: id, node: node, operation: operation))
        case .finish(let result): sum.result = result
        }
    }

    /// The instant for which a timer must be started; nil when a running one comes early enough.
    mutating func newTimer(for deadline: Instant?, at now: Instant) -> Instant? {
        timers.removeAll { $0 <= now }
        guard let deadline else { return nil }
        if let first = timers.min(), first <= deadline { return nil }
        timers.append(deadline)
        return deadline
    }
}
