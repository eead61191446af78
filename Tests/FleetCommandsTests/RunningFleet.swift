import Foundation
import Testing

/// A `fleet` that runs beside the test; it is ended by its process id.
final class RunningFleet {
    private let process = Process()
    private let outputPath: String
    private let errorPath: String

    /// Starts fleet with arguments in a folder; its output goes to files there.
    init(
        _ arguments: [String], in directory: String, state: String = "fleet.sqlite",
        environment own: [String: String] = [:]
    )
        throws
    {
        let name = UUID().uuidString
        outputPath = "\(directory)/\(name).out"
        errorPath = "\(directory)/\(name).err"
        for path in [outputPath, errorPath] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.executableURL = URL(fileURLWithPath: FleetBinary.path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        var environment = ProcessInfo.processInfo.environment
        environment["NO_COLOR"] = "1"
        environment["FLEET_STATE"] = "\(directory)/\(state)"
        process.environment = environment.merging(own) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    /// What it has said so far.
    var error: String { String(decoding: FileManager.default.contents(atPath: errorPath) ?? Data(), as: UTF8.self) }
    var output: String { String(decoding: FileManager.default.contents(atPath: outputPath) ?? Data(), as: UTF8.self) }
    var isRunning: Bool { process.isRunning }

    /// Kills it as the kernel does: nothing is said, nothing is given back.
    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }
    /// Closes its terminal.
    func hangUp() { Foundation.kill(process.processIdentifier, SIGHUP) }
    /// Presses Ctrl-C.
    func interrupt() { Foundation.kill(process.processIdentifier, SIGINT) }

    /// Waits for its end, and returns the exit status; 128 and the signal's number where a signal ended it.
    func status(within seconds: Double = 120) async throws -> Int32 {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        while process.isRunning, clock.now < end { try await clock.sleep(for: .milliseconds(20)) }
        guard !process.isRunning else {
            kill()
            process.waitUntilExit()
            Issue.record("fleet did not end within \(seconds)s: \(error.suffix(2000))")
            return -1
        }
        return process.terminationReason == .uncaughtSignal
            ? 128 + process.terminationStatus : process.terminationStatus
    }

    /// Waits until it has said something; a slow machine takes its time.
    func says(_ text: String, within seconds: Double = 60) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        while !error.contains(text), process.isRunning, clock.now < end {
            try await clock.sleep(for: .milliseconds(20))
        }
        #expect(error.contains(text), "fleet never said \"\(text)\": \(error.suffix(2000))")
    }

    deinit { if process.isRunning { kill() } }
}
