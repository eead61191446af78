import BareLoop
import FleetModel
import FleetSSH
import Foundation

/// Client CPU of connect, login, `true` and close, for each host: fleet's engine beside a bare libssh2 loop.
struct SSHCost {
    private let server: BenchmarkSSHD
    private let addresses: [String]
    private let endpoints: [HostEndpoint]

    private static let hosts = 200
    private static let fanout = 64
    private static let rounds = 5
    /// What fleet may cost, in bare loops.
    private static let bound = 1.5

    init(_ server: BenchmarkSSHD) throws {
        self.server = server
        addresses = server.addresses(Self.hosts)
        endpoints = try server.endpoints(addresses)
    }

    /// Runs both in turns, and prints the medians.
    func measure() async throws {
        var bare: [Double] = []
        var fleet: [Double] = []
        // The first round warms caches up, and is not counted.
        for round in 0...Self.rounds {
            let bareCost = try cost { try bareRound() }
            let before = Usage.now
            try await fleetRound()
            let fleetCost = Usage.now.since(before)
            guard round > 0 else { continue }
            bare.append(bareCost)
            fleet.append(fleetCost)
        }
        let (mine, theirs) = (fleet.median / Double(Self.hosts), bare.median / Double(Self.hosts))
        // Of each round's pair: what else the machine does weighs on both.
        let ratio = zip(fleet, bare).map { $0 / $1 }.median
        print("ssh: \(Self.hosts) hosts, \(Self.fanout) at once, `true` on each; medians of \(Self.rounds) rounds")
        print("  bare libssh2  \(theirs.milliseconds) ms CPU a host")
        print(
            "  fleet         \(mine.milliseconds) ms CPU a host, \(ratio.hundredths) x bare (bound \(Self.bound))"
        )
        fflush(nil)
        try compare(mine)
    }

    private func compare(_ mine: Double) throws {
        let peers = Peers(server, addresses: addresses)
        let costs = [
            ("parallel-ssh", try peers.parallelSSH(fanout: Self.fanout), " (bound 0.50)"),
            ("OpenSSH", try peers.openSSH(), ""),
        ]
        for (name, cost, bound) in costs {
            guard let cost else {
                print("  skipped: \(name) is not installed")
                continue
            }
            print(
                "  \(name): \(cost.milliseconds) ms CPU a host; fleet takes \((mine / cost).hundredths) of it\(bound)")
        }
    }

    private func cost(_ work: () throws -> Void) rethrows -> Double {
        let before = Usage.now
        try work()
        return Usage.now.since(before)
    }

    private func bareRound() throws {
        var texts = addresses.map { UnsafePointer(strdup($0)) }
        defer { texts.forEach { free(UnsafeMutablePointer(mutating: $0)) } }
        let failed = bare_loop(&texts, texts.count, Int32(server.port), server.user, server.seed, Self.fanout)
        guard failed == 0 else { throw Failure("the bare loop failed on \(failed) hosts") }
    }

    private func fleetRound() async throws {
        var settings = SSHSettings()
        settings.parallelism = Self.fanout
        settings.idleSeconds = 0
        let hosts = await SSHHosts(settings)
        let command = HostCommand(script: "true", becomesRoot: false)
        let outcomes = await withTaskGroup(of: HostOutcome.self) { group in
            for endpoint in endpoints { group.addTask { await hosts.run(command, on: endpoint).outcome } }
            return await group.reduce(into: [HostOutcome]()) { $0.append($1) }
        }
        await hosts.close()
        if let failure = outcomes.first(where: { !$0.isSuccess }) { throw Failure("fleet: \(failure)") }
    }
}

/// CPU seconds in user and system mode.
struct Usage {
    /// Both together.
    let total: Double

    init(_ usage: rusage) {
        let whole = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        total = Double(whole) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    /// This process's.
    static var now: Usage {
        var usage = rusage()
        #if canImport(Glibc)
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
        getrusage(RUSAGE_SELF, &usage)
        #endif
        return Usage(usage)
    }

    func since(_ other: Usage) -> Double { total - other.total }
}

extension [Double] {
    /// The middle value; 0 of none.
    var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}

extension Double {
    /// Seconds as milliseconds with two digits.
    var milliseconds: String { (self * 1000).hundredths }
    /// Two digits.
    var hundredths: String { String(format: "%.2f", self) }
}
