import Foundation
import Subprocess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The supervisor process of a sandbox, alive as long as its standard input is open here.
final class RunningBox: Sendable {
    private let process: Process
    private let input: Pipe
    private let directory: String

    /// Starts the supervisor with ports to try; both ends of the pipe stay out of other children.
    init(directory: String) throws {
        process = Process()
        input = Pipe()
        self.directory = directory
        let ports = (0..<8).map { _ in Int.random(in: 20_000...32_000) }
        process.executableURL = URL(fileURLWithPath: SandboxTools.path(of: "unshare") ?? "/usr/bin/unshare")
        process.arguments = SandboxBox.arguments(directory: directory, ports: ports, isRoot: geteuid() == 0)
        process.standardInput = input
        _ = FileManager.default.createFile(atPath: "\(directory)/box.log", contents: nil)
        let log = FileHandle(forWritingAtPath: "\(directory)/box.log") ?? .nullDevice
        process.standardOutput = log
        process.standardError = log
        for handle in [input.fileHandleForWriting, input.fileHandleForReading] {
            _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        try process.run()
        try? input.fileHandleForReading.close()
    }

    /// The port, once every host and server is up.
    func awaitPort() async throws -> Int {
        while true {
            if let port = text("box.port").flatMap(Int.init) { return port }
            if let reason = text("box.failed") { throw SandboxError(.startFailed, reason) }
            guard process.isRunning else {
                let log = text("box.log") ?? "no message"
                throw SandboxError(.startFailed, "the sandbox ended before it was up: \(log)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func text(_ name: String) -> String? {
        guard let text = try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8) else { return nil }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// Closes its input, waits for its end, and kills it after five seconds, or at once when cancelled.
    func stop() async {
        try? input.fileHandleForWriting.close()
        for _ in 0..<250 where process.isRunning {
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { break }
        }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }
}

/// Whether this user may make the namespaces that a sandbox is made of.
enum NamespaceCheck {
    static func run() async throws {
        let result = try await Subprocess.run(
            .name("unshare"),
            arguments: ["--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "true"],
            output: .discarded, error: .string(limit: 4096))
        guard !result.terminationStatus.isSuccess else { return }
        throw SandboxError(
            .namespacesDisabled,
            """
            sandboxed hosts need user namespaces, and the kernel refused one: \
            \(result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)); \
            look at the settings kernel.unprivileged_userns_clone (1), \
            kernel.apparmor_restrict_unprivileged_userns (0) and user.max_user_namespaces (above 0)
            """
        )
    }
}
