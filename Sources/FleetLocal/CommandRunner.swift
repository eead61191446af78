import FleetModel
import Foundation
import Subprocess

/// Runs a command in a session of its own, so that its end is the end of everything it started.
struct CommandRunner {
    func run(_ command: LocalCommand) async -> LocalReport {
        await withTaskGroup(of: LocalReport?.self) { group in
            group.addTask { await execute(command) }
            group.addTask {
                let isOver = (try? await ContinuousClock().sleep(for: .seconds(command.timeoutSeconds))) != nil
                return isOver ? Self.late(command) : nil
            }
            defer { group.cancelAll() }
            return await group.next().flatMap(\.self) ?? Self.late(command)
        }
    }

    private static func late(_ command: LocalCommand) -> LocalReport {
        LocalReport(
            isSuccess: false, code: "timed out", message: "the command did not end within \(command.timeoutSeconds)s")
    }

    private func execute(_ command: LocalCommand) async -> LocalReport {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
        ]
        var variables: [Environment.Key: String?] = [:]
        for (name, value) in command.environment { variables[Environment.Key(stringLiteral: name)] = value }
        do {
            let result = try await Subprocess.run(
                .name("sh"), arguments: ["-c", Self.reader], environment: .inherit.updating(variables),
                platformOptions: options, input: .string(command.script), output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20))
            return report(result.terminationStatus, result.standardOutput, result.standardError)
        } catch {
            return LocalReport(isSuccess: false, code: "never started", message: "the command cannot be run: \(error)")
        }
    }

    /// The text comes on standard input, and is whole before it begins; then it reads nothing there.
    private static let reader = #"fleet_text=$(cat); exec </dev/null; eval "$fleet_text""#

    /// Its last words are what it said on standard error, else on standard output.
    private func report(_ status: TerminationStatus, _ output: String, _ error: String) -> LocalReport {
        if status.isSuccess { return LocalReport(isSuccess: true, code: "exited 0") }
        let code =
            switch status {
            case .exited(let code): "exited \(code)"
            case .signaled(let signal): "killed by signal \(signal)"
            }
        let said = error.contains { !$0.isWhitespace } ? error : output
        let words = said.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "; ")
        return LocalReport(isSuccess: false, code: code, message: String(words.suffix(500)))
    }
}
