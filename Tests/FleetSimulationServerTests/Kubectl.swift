import Foundation
import Testing

/// kubectl with a kubeconfig and caches of its own, in a folder that goes with it.
final class Kubectl: Sendable {
    private let folder: URL

    /// Whether kubectl is on PATH.
    static let isPresent = path != nil

    private static let path: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/kubectl" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    init(_ kubeconfig: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("kubectl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try kubeconfig.write(to: folder.appendingPathComponent("config"), atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Writes a manifest; returns its path.
    func write(_ manifest: String) throws -> String {
        let file = folder.appendingPathComponent("manifest.json")
        try manifest.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// Runs kubectl; returns what it printed, with its complaints where it may fail.
    ///
    /// Outputs go to files, so that no pipe
    /// can fill up.
    @discardableResult
    func callAsFunction(
        _ arguments: String..., mayFail: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        try await self(arguments, mayFail: mayFail, sourceLocation: sourceLocation)
    }

    /// The same with arguments in a list.
    func callAsFunction(
        _ arguments: [String], mayFail: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let program = try #require(Self.path)
        let output = folder.appendingPathComponent("output-\(UUID().uuidString)")
        let complaints = mayFail ? output : output.appendingPathExtension("error")
        for file in [output, complaints] { try Data().write(to: file) }
        let outputHandle = try FileHandle(forWritingTo: output)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments =
            ["--kubeconfig", folder.appendingPathComponent("config").path] + [
                "--cache-dir", folder.appendingPathComponent("cache").path,
            ] + arguments
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": folder.path]
        process.standardOutput = outputHandle
        process.standardError = mayFail ? outputHandle : try FileHandle(forWritingTo: complaints)
        let status = await withCheckedContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(returning: -1) }
        }
        let text = try String(contentsOf: output, encoding: .utf8)
        let reason = Comment(rawValue: "kubectl \(arguments): \(try String(contentsOf: complaints, encoding: .utf8))")
        #expect(status == 0 || mayFail, reason, sourceLocation: sourceLocation)
        return text
    }
}
