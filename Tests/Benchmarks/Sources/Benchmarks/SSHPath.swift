import FleetModel
import FleetSSH
import Foundation

/// What a long path costs: round trips until the first output of a fresh host, and the throughput of an upload.
struct SSHPath {
    private let server: BenchmarkSSHD

    private static let rounds = 7
    /// Round trips until the first output, TCP's own among them.
    private static let trips = 8
    private static let slow = 0.1
    /// Bytes of an upload, and MB a second at least.
    private static let size = 64 << 20
    private static let throughput = 30.0
    private static let far = 0.04

    init(_ server: BenchmarkSSHD) { self.server = server }

    /// Connects through a path without and with a delay, and prints how many round trips lie between.
    func measureRoundTrips() async throws {
        let (near, long) = (try await firstOutput(delay: 0), try await firstOutput(delay: Self.slow / 2))
        let trip = try RoundTrip.measure(delay: Self.slow / 2) - RoundTrip.measure(delay: 0)
        let trips = (long.seconds - near.seconds) / trip
        print(
            "ssh: the first output of a fresh host over a path of \(Int(Self.slow * 1000)) ms; least of \(Self.rounds)"
        )
        print(
            "  fleet         \(trips.hundredths) round trips (bound \(Self.trips)), \(long.seconds.milliseconds) ms in all"
        )
        let phases = zip(long.phases, near.phases).map { long, near in
            "\(long.name) \(((long.seconds - near.seconds) / trip).hundredths)"
        }
        print("    of \(trip.milliseconds) ms each: \(phases.joined(separator: ", "))")
    }

    /// Uploads a file through a path with a delay over an open connection, and prints the throughput.
    func measureUpload() async throws {
        let file = server.folder + "/upload"
        guard FileManager.default.createFile(atPath: file, contents: Data(count: Self.size)) else {
            throw Failure("\(file) cannot be written")
        }
        let path = try TroubledPath(to: server.port, delay: Self.far / 2)
        defer { path.close() }
        let endpoint = try server.endpoint(port: path.port)
        let hosts = await SSHHosts()
        try await run(HostCommand(script: "true", becomesRoot: false), endpoint, hosts)
        var command = HostCommand(script: "fleet_input 0 \(Self.size) >\(file).copy", becomesRoot: false)
        command.inputs = [.file(path: file, size: Self.size)]
        var seconds: [Double] = []
        for _ in 0..<3 {
            let begun = ContinuousClock.now
            try await run(command, endpoint, hosts)
            seconds.append((ContinuousClock.now - begun).seconds)
        }
        await hosts.close()
        guard try Data(contentsOf: URL(filePath: file + ".copy")).count == Self.size else {
            throw Failure("the upload is not whole")
        }
        print("ssh: an upload of \(Self.size >> 20) MiB over a path of \(Int(Self.far * 1000)) ms; median of 3")
        let speed = Double(Self.size) / 1e6 / seconds.median
        print("  fleet         \(speed.hundredths) MB/s (bound \(Int(Self.throughput)) at least)")
    }

    private static let phases = ["connect", "handshake", "authentication", "start"]

    private func firstOutput(delay: Double) async throws -> (seconds: Double, phases: [(name: String, seconds: Double)])
    {
        var seconds: [Double] = []
        var timings: [[String: Int]] = []
        for _ in 0..<Self.rounds {
            let path = try TroubledPath(to: server.port, delay: delay)
            defer { path.close() }
            let endpoint = try server.endpoint(port: path.port)
            let hosts = await SSHHosts()
            let begun = ContinuousClock.now
            let first = FirstTime()
            let command = HostCommand(script: "echo first", becomesRoot: false)
            let report = await hosts.run(command, on: endpoint, receiving: { _, _ in first.note() })
            guard report.outcome.isSuccess, let at = first.instant else { throw Failure("fleet: \(report.outcome)") }
            seconds.append((at - begun).seconds)
            timings.append(report.timings)
            await hosts.close()
        }
        let phases = Self.phases.map { name in
            (name: name, seconds: timings.map { Double($0[name] ?? 0) / 1000 }.least)
        }
        return (seconds.least, phases)
    }

    private func run(_ command: HostCommand, _ endpoint: HostEndpoint, _ hosts: SSHHosts) async throws {
        let outcome = await hosts.run(command, on: endpoint).outcome
        guard outcome.isSuccess else { throw Failure("fleet: \(outcome)") }
    }
}

/// When something happened first.
private final class FirstTime: @unchecked Sendable {
    private let lock = NSLock()
    private var first: ContinuousClock.Instant?

    var instant: ContinuousClock.Instant? { lock.withLock { first } }

    func note() { lock.withLock { first = first ?? .now } }
}

extension [Double] {
    /// What remains when nothing else keeps the machine busy; 0 of none.
    fileprivate var least: Double { self.min() ?? 0 }
}

extension Duration {
    /// Seconds with fractions.
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
