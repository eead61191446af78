public import FleetModel
public import FleetPorts
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The hosts over SSH: libssh2 without its sockets, many sessions on a few event loops, one connection per endpoint.
///
/// Strict about host keys, truthful about ends: see ``HostOutcome``. Only what never started is tried again.
public final class SSHHosts: HostPort {
    private let settings: SSHSettings
    private let pools: [NIOLoopBound<LoopPool>]
    private let choice: LoopChoice
    private let permits: Permits
    private let uploads: Permits
    private let identities: IdentityStore
    private let knownHosts: KnownHostsStore
    private let nextID = Atomic<UInt64>(0)

    /// Between two attempts, in milliseconds; longer than OpenSSH's smallest penalties (PerSourcePenalties).
    private static let longestWait: Int64 = 6000

    /// Uses the process's event loops.
    public convenience init(_ settings: SSHSettings = SSHSettings()) async {
        await self.init(settings, loops: Array(MultiThreadedEventLoopGroup.singleton.makeIterator()))
    }

    /// Runs a body with hosts, and says goodbye to them afterwards, whatever came of it.
    public static func with<Result>(
        _ settings: SSHSettings, _ body: (SSHHosts) async throws -> Result
    ) async throws -> Result {
        let hosts = await SSHHosts(settings)
        do {
            let result = try await body(hosts)
            await hosts.close()
            return result
        } catch {
            await hosts.close()
            throw error
        }
    }

    init(_ settings: SSHSettings, loops: [any EventLoop]) async {
        self.settings = settings
        permits = Permits(settings.parallelism)
        uploads = Permits(settings.uploads)
        let agentLoop = loops[0]
        identities = IdentityStore(passphrase: settings.passphrase) { socket in
            try? await agentLoop.submit { Agent(socket: socket, loop: agentLoop) }.get()
        }
        knownHosts = KnownHostsStore(warn: settings.warn)
        var pools: [NIOLoopBound<LoopPool>] = []
        for loop in loops {
            let made = loop.submit { NIOLoopBound(LoopPool(loop: loop, settings: settings), eventLoop: loop) }
            if let pool = try? await made.get() { pools.append(pool) }
        }
        self.pools = pools
        choice = LoopChoice(of: pools.count)
    }

    /// Runs a script on a host; waits for a place under the parallelism, and tries again what never started.
    public func run(_ command: HostCommand, on endpoint: HostEndpoint) async -> HostReport {
        await run(command, on: endpoint, receiving: nil)
    }

    /// Runs a script on a host, and hands over its output while it comes, from the event loop: every byte, also those
    /// beyond the command's limit.
    public func run(
        _ command: HostCommand, on endpoint: HostEndpoint, receiving: (@Sendable (HostStream, [UInt8]) -> Void)?
    ) async -> HostReport {
        if let refusal = CommandLine.objection(to: command) { return HostReport(outcome: .refused(refusal)) }
        guard command.inputs.isEmpty else {
            // First what is scarcer: who waits for it holds no place of somebody else.
            await uploads.acquire()
            defer { uploads.release() }
            return await runUntilStarted(command, on: endpoint, receiving)
        }
        return await runUntilStarted(command, on: endpoint, receiving)
    }

    private func runUntilStarted(
        _ command: HostCommand, on endpoint: HostEndpoint, _ receiving: (@Sendable (HostStream, [UInt8]) -> Void)?
    ) async -> HostReport {
        let due = command.totalSeconds.map { NIODeadline.now() + .seconds($0) }
        var attempt = 1
        while true {
            let report = await attemptOnce(command, on: endpoint, isFirst: attempt == 1, until: due, receiving)
            // A server that drops connections before the login is busy (MaxStartups), and says no more than that. A
            // ProxyCommand that ends has failed, and most likely will again.
            let wasDropped = report.stage == .handshake || report.stage == .authentication
            let isBusy = wasDropped && endpoint.proxyCommand == nil
            let attempts = isBusy ? max(settings.attempts, settings.attemptsWhenDropped) : settings.attempts
            guard case .neverStarted = report.outcome, attempt < attempts, !Task.isCancelled,
                due.map({ NIODeadline.now() < $0 }) ?? true
            else { return report }
            let wait = min(settings.retryMilliseconds << min(attempt - 1, 10), Self.longestWait)
            try? await Task.sleep(for: .milliseconds(Int64.random(in: wait / 2...wait)))
            attempt += 1
        }
    }

    /// Says goodbye to every host; commands under way are reported as lost or never started.
    public func close() async {
        await identities.close()
        for pool in pools {
            let loop = pool.eventLoop
            try? await loop.submit { pool.value.close() }.get()
        }
    }

    private func attemptOnce(
        _ command: HostCommand, on endpoint: HostEndpoint, isFirst: Bool, until due: NIODeadline?,
        _ receiving: (@Sendable (HostStream, [UInt8]) -> Void)?
    ) async -> HostReport {
        let hops = await hops(to: endpoint)
        let mustBecome = command.becomesRoot && endpoint.become != .none
        let escalation = Escalation(
            mustBecome ? endpoint.become : .none, password: mustBecome ? await settings.becomePassword(endpoint) : nil)
        let id = nextID.add(1, ordering: .relaxed).newValue
        let stop = Cancellation()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                permits.enter { [self] in
                    let place = choice.enter(hops[0].key)
                    let pool = pools[place]
                    pool.eventLoop.execute { [self] in
                        let execution = Execution(command, escalation, mayBeginEarly: isFirst) { [self] report in
                            pool.value.forget(id)
                            choice.leave(place)
                            // Whoever waits is begun from here, without a hop between threads.
                            permits.release()
                            continuation.resume(returning: report)
                        }
                        if let receiving { execution.receiving = receiving }
                        // Asked on the loop: a later request is told to it, behind this.
                        if stop.isRequested(orRunsIn: pool) {
                            return execution.finish(.neverStarted("it was stopped"))
                        }
                        if let due { execution.limit(to: due, pool.value.ticker) }
                        pool.value.run(execution, id: id, over: hops[...], anew: command.needsNewConnection)
                    }
                }
            }
        } onCancel: {
            guard let pool = stop.request() else { return }
            pool.eventLoop.execute { pool.value.cancel(id) }
        }
    }

    private func hops(to endpoint: HostEndpoint) async -> [Hop] {
        var hops: [Hop] = []
        for (position, jump) in endpoint.jumps.enumerated() {
            var jump = jump
            jump.jumps = Array(endpoint.jumps[..<position])
            hops.append(await hop(jump))
        }
        hops.append(await hop(endpoint))
        return hops
    }

    private func hop(_ endpoint: HostEndpoint) async -> Hop {
        let index = knownHosts.index(of: endpoint.knownHostsFiles)
        let check = HostKeyCheck(
            address: endpoint.address, port: endpoint.port, index: index, files: endpoint.knownHostsFiles,
            library: SSHLibrary.version)
        let request = IdentityStore.Request(
            files: endpoint.identityFiles, certificates: endpoint.certificateFiles, agentSocket: endpoint.agentSocket,
            usesOnlyFiles: endpoint.usesOnlyIdentityFiles)
        return Hop(
            endpoint, identities: await identities.identities(request), password: await settings.password(endpoint),
            check: check)
    }
}

/// Whether a command was asked to stop, and the pool that runs it once one does.
private final class Cancellation: Sendable {
    private let state = NIOLockedValueBox<(isRequested: Bool, pool: NIOLoopBound<LoopPool>?)>((false, nil))

    /// Whether it was asked to stop before its turn came; from now on a request finds the pool.
    func isRequested(orRunsIn pool: NIOLoopBound<LoopPool>) -> Bool {
        state.withLockedValue { state in
            state.pool = pool
            return state.isRequested
        }
    }

    /// Asks it to stop; the pool is to be told, where there is one.
    func request() -> NIOLoopBound<LoopPool>? {
        state.withLockedValue { state in
            state.isRequested = true
            return state.pool
        }
    }
}
