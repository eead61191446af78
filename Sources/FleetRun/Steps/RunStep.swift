public import FleetExpressions
public import FleetModel

/// `run: {script, env, timeout}` – a script of the operator's runs on the host (safety rules 25 and 26).
///
/// As root it runs detached: neither a lost connection nor a crash of fleet's ends it or starts it twice. As the login
/// user (`become: false`) it runs in the session, and ends with it.
public struct RunStep: Step {
    /// `run`.
    public static let kind = "run"
    /// What it does, for editors and lists.
    public static let purpose = "A script of the operator's runs on the host."

    /// What the operator calls it.
    public var name: String?
    /// What runs, as who, with which variables.
    public var script: OwnScript
    /// The longest it may take.
    public var timeout: Duration
    /// Whether it may run again when a crash left its end unknown.
    public var isRepeatable: Bool

    /// Reads `name`, `script`, `env`, `become` (true), `timeout` (10m) and `repeatable` (false).
    public init?(_ arguments: inout LocatedDecoder) {
        name = arguments.optional("name", .string)
        timeout = arguments.optional("timeout", .duration) ?? .seconds(600)
        isRepeatable = arguments.optional("repeatable", .bool) ?? false
        guard let script = OwnScript(&arguments) else { return nil }
        self.script = script
    }

    /// `run`, or the operator's name for it.
    public var title: String { name.map { "run \"\($0)\"" } ?? "run a script" }
    /// Touches the host.
    public var traits: StepTraits { [.touchesHost, .interruptsHost, .retriable, isRepeatable ? .repeatable : []] }

    /// Runs it once.
    public func advance(_ context: StepContext) -> StepProgress {
        let command: HostCommand
        do throws(Diagnostic) { command = try script.command(in: context.scope, timeout: timeout) } catch {
            return .failed("\(error)")
        }
        let (result, next) =
            script.becomesRoot
            ? context.detached(command, title, timeout: timeout, isRepeatable: isRepeatable)
            : context.command("script", title, command, isRepeatable: isRepeatable)
        guard let result else { return next }
        guard !result.isSuccess else { return .done(changed: true, title) }
        return result.hasEnded ? .unsuccessful("\(title): \(result.words)") : .failed("\(title): \(result.words)")
    }

    /// Shows that it would run, with the names (not the values) of its variables.
    public func preview(_ context: StepContext) -> StepPreview {
        do throws(Diagnostic) {
            _ = try script.command(in: context.scope, timeout: timeout)
        } catch {
            return StepPreview(["cannot \(title): \(error)"])
        }
        let names = script.environment.merging(script.secrets) { $1 }.keys.sorted().joined(separator: ", ")
        return StepPreview(["would \(title)" + (names.isEmpty ? "" : " with \(names)")])
    }

    /// `output`: what it wrote, the last 64 KiB; `lines`: the same, line by line.
    public func findings(_ memory: StepMemory) -> VariableMapping {
        let last =
            memory.acts.filter { $0.key == "script" || $0.key == "start" || $0.key.hasPrefix("follow ") }.values
            .filter { $0.success != nil }.max { $0.changedAt < $1.changedAt }?.success?.output ?? ""
        let lines =
            script.becomesRoot
            ? NodeAnswer(last).all("output") : last.split(whereSeparator: \.isNewline).map(String.init)
        return ["output": .string(lines.joined(separator: "\n")), "lines": .list(lines.map { .string($0) })]
    }
}

/// A script of the operator's: `script`, `env`, `secrets` and `become` among the arguments of a step.
///
/// Nothing that fleet prints or keeps repeats the values of `secrets`, those of `env` whose names say that they are
/// secrets (``SecretName``), and the values of such variables, wherever they are used.
public struct OwnScript: Sendable {
    /// The shell text; bare templates are shell-quoted.
    public var text: ShellTemplate
    /// Variables exported to it.
    public var environment: [String: Template]
    /// More of them, whose values are secrets whatever they are called.
    public var secrets: [String: Template]
    /// Whether it runs as root.
    public var becomesRoot: Bool

    /// Reads `script`, `env`, `secrets` and `become` (true).
    init?(_ arguments: inout LocatedDecoder) {
        environment = arguments.optional("env", .dictionary(of: .template)) ?? [:]
        secrets = arguments.optional("secrets", .dictionary(of: .template)) ?? [:]
        becomesRoot = arguments.optional("become", .bool) ?? true
        guard let text = arguments.required("script", .shellTemplate) else { return nil }
        self.text = text
    }

    /// The command for a host's variables; throws what is undefined there.
    func command(in scope: VariableScope, timeout: Duration) throws(Diagnostic) -> HostCommand {
        var command = HostCommand(
            script: try text.script(in: scope), becomesRoot: becomesRoot,
            timeoutSeconds: max(1, timeout.components.seconds))
        for (name, template) in environment {
            let value = try template.text(in: scope)
            if SecretName.marks(name) {
                command.secrets[name] = SecretText(value)
            } else {
                command.environment[name] = value
            }
        }
        for (name, template) in secrets { command.secrets[name] = SecretText(try template.text(in: scope)) }
        command.redactions = scope.secrets(of: names)
        return command
    }

    /// The variables that it names.
    private var names: Set<String> {
        (Array(environment.values) + secrets.values).reduce(into: text.names) { $0.formUnion($1.names) }
    }
}
