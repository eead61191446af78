public import FleetModel
public import FleetPorts
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The hosts over SSH: libssh2 without its sockets, many sessions on a few event loops, one connection per endpoint.
///
/// Strict about host keys, truthful about ends: see ``HostOutcome``. Only what never started is tried again.
public final class SSHHosts: HostPort {
    private let settings: SSHSettings
    private let pools: [NIOLoopBound<LoopPool>]
    private let permits: Permits
    private let identities: IdentityStore
    private let knownHosts: KnownHostsStore
    private let nextID = Atomic<UInt64>(0)

    /// Uses the process's event loops.
    public convenience init(_ settings: SSHSettings = SSHSettings()) async {
        await self.init(settings, loops: Array(MultiThreadedEventLoopGroup.singleton.makeIterator()))
    }

    init(_ settings: SSHSettings, loops: [any EventLoop]) async {
        self.settings = settings
        permits = Permits(settings.parallelism)
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
        await permits.acquire()
        defer { permits.release() }
        var attempt = 1
        while true {
            let report = await attemptOnce(command, on: endpoint, receiving)
            guard case .neverStarted = report.outcome, attempt < settings.attempts, !Task.isCancelled else {
                return report
            }
            let wait = settings.retryMilliseconds << min(attempt - 1, 10)
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
        _ command: HostCommand, on endpoint: HostEndpoint, _ receiving: (@Sendable (HostStream, [UInt8]) -> Void)?
    ) async -> HostReport {
        let hops = await hops(to: endpoint)
        let mustBecome = command.becomesRoot && endpoint.become != .none
        let escalation = Escalation(
            mustBecome ? endpoint.become : .none, password: mustBecome ? await settings.becomePassword(endpoint) : nil)
        let id = nextID.add(1, ordering: .relaxed).newValue
        let pool = pool(for: hops[0].key)
        let stop = Cancellation()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pool.eventLoop.execute {
                    let execution = Execution(command, escalation) { report in
                        pool.value.forget(id)
                        continuation.resume(returning: report)
                    }
                    if let receiving { execution.receiving = receiving }
                    guard !stop.isRequested else { return execution.finish(.neverStarted("it was stopped")) }
                    pool.value.run(execution, id: id, over: hops[...], anew: command.needsNewConnection)
                }
            }
        } onCancel: {
            stop.request()
            pool.eventLoop.execute { pool.value.cancel(id) }
        }
    }

    /// A target and its jump hosts share an event loop; so do all connections to one sshd, which are admitted together.
    private func pool(for first: HostEndpoint) -> NIOLoopBound<LoopPool> {
        var hasher = Hasher()
        hasher.combine(first.address)
        hasher.combine(first.port)
        return pools[Int(UInt(bitPattern: hasher.finalize()) % UInt(pools.count))]
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
        let index = await knownHosts.index(of: endpoint.knownHostsFiles)
        let check = HostKeyCheck(
            address: endpoint.address, port: endpoint.port, index: index, files: endpoint.knownHostsFiles,
            library: SSHLibrary.version)
        let request = IdentityStore.Request(
            files: endpoint.identityFiles, agentSocket: endpoint.agentSocket,
            usesOnlyFiles: endpoint.usesOnlyIdentityFiles)
        return Hop(
            endpoint, identities: await identities.identities(request), password: await settings.password(endpoint),
            check: check)
    }
}

/// Whether a command was asked to stop before the event loop heard of it.
private final class Cancellation: Sendable {
    private let requested = Atomic<Bool>(false)

    var isRequested: Bool { requested.load(ordering: .acquiring) }

    func request() { requested.store(true, ordering: .releasing) }
}
