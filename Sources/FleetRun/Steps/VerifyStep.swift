public import FleetExpressions
import FleetModel

/// `verify: {script, env, within}` – a script that only looks must succeed on the host; until it does it is asked again.
public struct VerifyStep: Step {
    /// `verify`.
    public static let kind = "verify"
    /// `verify: SCRIPT`.
    public static let shorthand: String? = "script"
    /// What it does, for editors and lists.
    public static let purpose = "A script of the operator's that only looks must succeed on the host."

    /// What the operator calls it.
    public var name: String?
    /// What runs, as who, with which variables.
    public var script: OwnScript
    /// How long it may fail before the node is set aside.
    public var patience: Duration

    /// Reads `name`, `script`, `env`, `become` (true) and `within` (0s: it must hold at once).
    public init?(_ arguments: inout LocatedDecoder) {
        name = arguments.optional("name", .string)
        patience = arguments.optional("within", .duration) ?? .zero
        guard let script = OwnScript(&arguments) else { return nil }
        self.script = script
    }

    /// `verify`, or the operator's name for it.
    public var title: String { name.map { "verify \"\($0)\"" } ?? "verify by a script" }
    /// Touches the host, and changes nothing there.
    public var traits: StepTraits { [.touchesHost, .repeatable, .onlyLooks] }

    /// Asks every five seconds until the script succeeds, or patience ends.
    public func advance(_ context: StepContext) -> StepProgress {
        let command: HostCommand
        do throws(Diagnostic) {
            command = try script.command(in: context.scope, timeout: Self.longest)
        } catch { return .failed("\(error)") }
        let (result, next) = context.command("look", title, command, isRepeatable: true)
        guard let result else { return next }
        guard !result.isSuccess else { return .done(changed: false, "it holds") }
        let said = result.output.split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
        let words = "\(title): \(result.words)\(said)"
        let deadline = context.memory.startedAt + patience
        guard context.now < deadline else { return .failed(words) }
        let look = StepOperation(key: "look", title: title, .host(command))
        return context.again(look, every: .seconds(5), until: deadline, because: "\(words); looking again")
    }

    /// Says what it would wait for.
    public func preview(_ context: StepContext) -> StepPreview {
        do throws(Diagnostic) {
            _ = try script.command(in: context.scope, timeout: Self.longest)
        } catch {
            return StepPreview(["cannot \(title): \(error)"])
        }
        return StepPreview(["would \(title), at most \(patience.text) long"])
    }

    /// No look takes longer.
    private static let longest = Duration.seconds(60)
}
