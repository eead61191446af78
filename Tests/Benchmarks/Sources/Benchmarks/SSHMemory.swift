import FleetModel
import FleetSSH
import Foundation

/// Memory of an open session: the slope between few sessions and many.
struct SSHMemory {
    private let server: BenchmarkSSHD

    private static let few = 200
    private static let many = 2000
    /// What a session may take, in KB.
    private static let bound = 100

    init(_ server: BenchmarkSSHD) { self.server = server }

    /// Opens the sessions, and prints what each took.
    func measure() async throws {
        guard let before = Self.resident else { return print("skipped: ssh memory: there is no /proc here") }
        let free = Self.allowFiles(Self.many + 200)
        guard free else { return print("skipped: ssh memory: this machine does not allow \(Self.many) open files") }
        let endpoints = try server.endpoints(server.addresses(Self.many))
        var settings = SSHSettings()
        settings.parallelism = 64
        settings.idleSeconds = 3600
        let hosts = await SSHHosts(settings)
        try await open(endpoints[..<Self.few], hosts)
        let atFew = Self.resident ?? before
        try await open(endpoints[Self.few...], hosts)
        let atMany = Self.resident ?? before
        await hosts.close()
        let slope = (atMany - atFew) / (Self.many - Self.few) / 1000
        print("ssh: memory between \(Self.few) and \(Self.many) open sessions")
        print("  fleet         \(slope) KB a session (bound \(Self.bound)), \(atMany / 1_000_000) MB in all")
    }

    private func open(_ endpoints: ArraySlice<HostEndpoint>, _ hosts: SSHHosts) async throws {
        let command = HostCommand(script: "true", becomesRoot: false)
        try await withThrowingTaskGroup(of: HostOutcome.self) { group in
            for endpoint in endpoints { group.addTask { await hosts.run(command, on: endpoint).outcome } }
            for try await outcome in group where !outcome.isSuccess { throw Failure("fleet: \(outcome)") }
        }
    }

    /// Bytes of this process in memory.
    private static var resident: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Int(getpagesize()) } : nil
    }

    private static func allowFiles(_ count: Int) -> Bool {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0, limit.rlim_max >= rlim_t(count) else { return false }
        limit.rlim_cur = max(limit.rlim_cur, rlim_t(count))
        return setrlimit(resource, &limit) == 0
    }
}
