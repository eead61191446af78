import Foundation

/// Measures fleet's engine beside its bound, in one process and one run: `make bench`.
///
/// Without arguments everything; else what they name: `journal`, `cost`, `trips`, `upload`, `memory`.
@main struct Benchmarks {
    static func main() async {
        let wanted = Set(CommandLine.arguments.dropFirst())
        func isWanted(_ name: String) -> Bool { wanted.isEmpty || wanted.contains(name) }
        do {
            if isWanted("journal") { try await JournalThroughput().measure() }
        } catch {
            print("failed: \(error)")
            exit(1)
        }
        guard FileManager.default.isExecutableFile(atPath: BenchmarkSSHD.daemon) else {
            print("skipped: SSH: there is no \(BenchmarkSSHD.daemon)")
            return
        }
        do {
            let server = try BenchmarkSSHD()
            defer { server.stop() }
            if isWanted("cost") { try await SSHCost(server).measure() }
            fflush(nil)
            if isWanted("trips") { try await SSHPath(server).measureRoundTrips() }
            fflush(nil)
            if isWanted("upload") { try await SSHPath(server).measureUpload() }
            fflush(nil)
            if isWanted("memory") { try await SSHMemory(server).measure() }
            fflush(nil)
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
