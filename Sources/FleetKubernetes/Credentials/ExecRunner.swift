import FleetWire
import Foundation
import Subprocess

/// Runs exec credential plugins.
struct ExecRunner: Sendable {
    /// Whether a plugin may ask the person at the terminal.
    var isInteractive = false
    /// What the plugin's environment starts from; nil is fleet's own.
    var path: String?
    /// How long a plugin may take; one that may ask a person gets ten times as long.
    var timeout = Duration.seconds(60)

    func run(_ plugin: ExecPlugin) async throws(ExecFailure) -> ExecCredential {
        let asks = isInteractive && plugin.interactiveMode != .never
        guard asks || plugin.interactiveMode != .always else {
            throw ExecFailure("exec plugin \(plugin.command) needs a terminal (interactiveMode Always)")
        }
        let output = try await within(asks ? timeout * 10 : timeout, plugin) { () async throws(ExecFailure) in
            try await execute(plugin, asks: asks)
        }
        do {
            return try ExecCredential(output, apiVersion: plugin.apiVersion)
        } catch {
            throw ExecFailure("exec plugin \(plugin.command) \(error.message)")
        }
    }

    /// Whoever waits for a credential waits without a deadline of its own.
    private func within(
        _ time: Duration, _ plugin: ExecPlugin, _ work: @escaping @Sendable () async throws(ExecFailure) -> [UInt8]
    ) async throws(ExecFailure) -> [UInt8] {
        let late = ExecFailure("exec plugin \(plugin.command) did not end within \(time.components.seconds)s")
        let result = await withTaskGroup(of: Result<[UInt8], ExecFailure>.self) { group in
            group.addTask {
                do throws(ExecFailure) { return .success(try await work()) } catch { return .failure(error) }
            }
            group.addTask {
                try? await ContinuousClock().sleep(for: time)
                return .failure(late)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(late)
        }
        return try result.get()
    }

    private func execute(_ plugin: ExecPlugin, asks: Bool) async throws(ExecFailure) -> [UInt8] {
        let executable: Executable =
            plugin.command.contains("/") ? .path(Self.literal(plugin.command)) : .name(plugin.command)
        var additions: [Environment.Key: String?] = ["KUBERNETES_EXEC_INFO": info(plugin, asks: asks).description]
        if let path { additions["PATH"] = path }
        for (name, value) in plugin.environment { additions[.init(stringLiteral: name)] = value.text }
        let environment = Environment.inherit.updating(additions)
        // What a plugin without a person at its terminal starts ends with it.
        var alone = PlatformOptions()
        alone.createSession = true
        alone.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
        ]
        do {
            let result =
                try await asks
                ? Subprocess.run(
                    executable, arguments: Arguments(plugin.arguments), environment: environment,
                    input: .currentStandardInput, output: .bytes(limit: 1 << 20), error: .string(limit: 1 << 16))
                : Subprocess.run(
                    executable, arguments: Arguments(plugin.arguments), environment: environment,
                    platformOptions: alone, output: .bytes(limit: 1 << 20), error: .string(limit: 1 << 16))
            guard result.terminationStatus.isSuccess else {
                throw ExecFailure(ending(plugin, result.terminationStatus, result.standardError))
            }
            return result.standardOutput
        } catch let error as ExecFailure {
            throw error
        } catch {
            let hint = plugin.installHint.isEmpty ? "" : "; \(plugin.installHint)"
            throw ExecFailure("exec plugin \(plugin.command) cannot be run: \(error)\(hint)")
        }
    }

    /// A `FilePath` of a text; the module that has its initializer is a dependency of Subprocess alone.
    private static func literal<Path: ExpressibleByStringLiteral>(
        _ text: String
    ) -> Path where Path.StringLiteralType == String { Path(stringLiteral: text) }

    private func ending(_ plugin: ExecPlugin, _ status: TerminationStatus, _ words: String) -> String {
        let how =
            switch status {
            case .exited(let code): "ended with exit code \(code)"
            case .signaled(let signal): "was ended by signal \(signal)"
            }
        let lines = words.trimmingCharacters(in: .whitespacesAndNewlines).suffix(500)
        return "exec plugin \(plugin.command) \(how)" + (lines.isEmpty ? "" : ": \(lines)")
    }

    private func info(_ plugin: ExecPlugin, asks: Bool) -> JSONValue {
        var spec: JSONValue = ["interactive": .bool(asks)]
        if !plugin.cluster.isNull { spec["cluster"] = plugin.cluster }
        return ["kind": "ExecCredential", "apiVersion": .string(plugin.apiVersion), "spec": spec]
    }
}
