import FleetExpressions
import FleetModel

/// How a playbook writes what the machine that runs fleet is to do itself.
enum LocalForms {
    /// The arguments as a mapping: a bare text is a command, or a url.
    static func arguments(of check: PlaybookCheck) -> LocatedValue {
        let value = check.arguments
        guard let shorthand = shorthands[check.kind], value.mapping == nil, !value.isNull else { return value }
        let entry = LocatedMapping.Entry(key: shorthand, keyLocation: value.location, value: value)
        return LocatedValue(.mapping(LocatedMapping([entry])), at: value.location)
    }

    /// The keys that a bare text stands for, by kind.
    private static let shorthands = ["command": "run", "http": "url"]

    /// What an entry may be: one kind with its arguments, or alone a kind that needs none.
    static func schema<Value>(
        of kinds: [String], askedBy read: (String, inout LocatedDecoder) -> Value?
    ) -> ValueSchema {
        let keys = kinds.map { kind in (kind, LocatedDecoder.keys { read(kind, &$0) }) }
        let bare = keys.filter { !$1.contains(where: \.isRequired) }.map(\.0)
        var object = ValueSchema.object(
            keys.map { kind, keys in
                let short = keys.first { $0.name == shorthands[kind] }.map { [$0.schema] } ?? []
                let nothing: [ValueSchema] = bare.contains(kind) ? [.nothing] : []
                return ValueSchema.Key(kind, .any(of: [.object(keys)] + short + nothing))
            })
        object.keywords["oneOf"] = .list(kinds.map { ["required": [.string($0)]] })
        return bare.isEmpty ? object : .any(of: [object, .choice(bare)])
    }

    /// `run` and `timeout` (30s).
    static func command(_ arguments: inout LocatedDecoder) -> LocalCommand? {
        let script = arguments.required("run", plain)
        let timeout = arguments.optional("timeout", timeout) ?? 30
        return script.map { LocalCommand(script: $0, timeoutSeconds: timeout) }
    }

    /// `url`, `status` (any 2xx), `bearer_token_file` and `timeout` (30s).
    static func request(_ arguments: inout LocatedDecoder, method: String) -> LocalRequest? {
        let url = arguments.required("url", url)
        let statuses = arguments.optional("status", .oneOrMore(of: .int(in: 100...599))) ?? Array(200...299)
        let token = arguments.optional("bearer_token_file", .string)
        let timeout = arguments.optional("timeout", timeout) ?? 30
        return url.map {
            LocalRequest(
                method: method, url: $0, bearerTokenFile: token, statuses: statuses, timeoutSeconds: timeout)
        }
    }

    /// Text that is taken as it stands: no host's variables are at hand here.
    private static let plain = ValueForm<String>(expected: "text without templates") { value, diagnostics in
        guard let text = ValueForm<String>.string.read(value, &diagnostics) else { return nil }
        guard !text.contains("{{") else {
            diagnostics.append(
                Diagnostic(
                    "templates are not filled in here: it is asked once for the run, not for a host",
                    at: value.location, expected: "text as it stands",
                    suggestion: "a command has the environment of fleet, and FLEET_RUN, FLEET_PLAYBOOK, FLEET_WAVE"))
            return nil
        }
        return text
    }

    static let url = ValueForm<SecretText>(expected: "a url such as https://shop.example/healthz") {
        value, diagnostics in
        guard let text = plain.read(value, &diagnostics) else { return nil }
        guard text.hasPrefix("http://") || text.hasPrefix("https://"), !text.contains(where: \.isWhitespace) else {
            diagnostics.append(
                Diagnostic(
                    "unusable url", at: value.location,
                    expected: "a url such as https://shop.example/healthz"))
            return nil
        }
        return SecretText(text)
    }

    static let timeout = ValueForm<Int64>.scalar("a duration from 1s to 10m") { scalar in
        guard let span = Duration(text: scalar.text), span >= .seconds(1), span <= .seconds(600) else { return nil }
        return span.components.seconds
    }

    static let number = ValueForm<Double>.scalar("a number such as 0.05") { scalar in
        Double(scalar.text).flatMap { $0.isFinite ? $0 : nil }
    }

    static let share = ValueForm<Double>.scalar("a percentage such as 10%") { scalar in
        guard scalar.text.hasSuffix("%"), let number = Double(scalar.text.dropLast()), number >= 0, number.isFinite
        else { return nil }
        return number / 100
    }
}
