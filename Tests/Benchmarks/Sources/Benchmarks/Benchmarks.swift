import Foundation

/// Measures fleet's engine beside its bound, in one process and one run: `make bench`.
@main struct Benchmarks {
    static func main() async {
        guard FileManager.default.isExecutableFile(atPath: BenchmarkSSHD.daemon) else {
            print("skipped: SSH: there is no \(BenchmarkSSHD.daemon)")
            return
        }
        do {
            let server = try BenchmarkSSHD()
            defer { server.stop() }
            try await SSHCost(server).measure()
            try await SSHMemory(server).measure()
        } catch {
            print("failed: \(error)")
            exit(1)
        }
    }
}

/// What stopped a benchmark.
struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
