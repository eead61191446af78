public import FleetExpressions
import FleetModel

/// `http: {url, method, headers, body, status, retry_for, repeatable}` – a request from the host, such as to an
/// application's own shutdown hook (D15) or health check.
///
/// The request travels to curl on standard input: neither its address nor its headers stand on a command line, in the
/// journal or in a log.
public struct HTTPStep: Step {
    /// `http`.
    public static let kind = "http"
    /// What it does, for editors and lists.
    public static let purpose =
        "A request from the host, such as to an application's own shutdown hook or health check."

    /// The method.
    public enum Method: String, CaseIterable, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"

        /// Whether two requests are as one (RFC 9110, 9.2.2).
        var isIdempotent: Bool { self != .post }
    }

    /// The address; `http` or `https`.
    public var url: Template
    /// The method.
    public var method: Method
    /// Header fields.
    public var headers: [String: Template]
    /// The body; nil for none.
    public var body: Template?
    /// Statuses that count as success.
    public var statuses: [Int]
    /// How long it is tried again after another answer or none.
    public var patience: Duration
    /// Whether a request whose end a crash left unknown may be sent again.
    public var isRepeatable: Bool

    /// Reads `url`, `method` (GET), `headers`, `body`, `status` (200), `retry_for` (0) and `repeatable` (false for POST).
    public init?(_ arguments: inout LocatedDecoder) {
        method = arguments.optional("method", .choice) ?? .get
        headers = arguments.optional("headers", .dictionary(of: .template)) ?? [:]
        body = arguments.optional("body", .template)
        statuses = arguments.optional("status", .oneOrMore(of: .int(in: 100...599))) ?? [200]
        patience = arguments.optional("retry_for", .duration) ?? .zero
        isRepeatable = arguments.optional("repeatable", .bool) ?? method.isIdempotent
        guard let url = arguments.required("url", .template) else { return nil }
        self.url = url
        if patience > .zero, !isRepeatable {
            arguments.report("a POST may be sent again only where that is harmless", suggestion: "say repeatable: true")
        }
    }

    /// `POST over HTTP`.
    public var title: String { "\(method.rawValue) over HTTP" }
    /// Touches the host.
    public var traits: StepTraits { [.touchesHost, isRepeatable ? .repeatable : []] }

    /// Sends the request until its status is one of those wanted, or patience ends.
    public func advance(_ context: StepContext) -> StepProgress {
        let command: HostCommand
        do { command = try self.command(in: context.scope) } catch { return .failed("\(title): \(error)") }
        let (result, next) = context.command("request", title, command, isRepeatable: isRepeatable)
        guard let result else { return next }
        let answer = NodeAnswer(result.output)
        if let status = answer.last("status").flatMap(Int.init), statuses.contains(status) {
            return .done(changed: !isRead, "\(title): \(status)")
        }
        let words = answer.last("failed") ?? answer.last("status").map { "the answer was \($0)" } ?? result.words
        let deadline = context.memory.startedAt + patience
        guard context.now < deadline else {
            return .failed("\(title): \(words), and not \(statuses.map(String.init).joined(separator: " or "))")
        }
        let request = StepOperation(key: "request", title: title, .host(command))
        return context.again(
            request, every: .seconds(5), until: deadline, because: "\(title): \(words); trying again")
    }

    /// Says that it would be sent, without its address.
    public func preview(_ context: StepContext) -> StepPreview {
        do {
            _ = try command(in: context.scope)
            return StepPreview(["would send one \(method.rawValue) request from the host"])
        } catch {
            return StepPreview(["cannot \(title): \(error)"])
        }
    }

    private var isRead: Bool { method == .get || method == .head }

    private func command(in scope: VariableScope) throws -> HostCommand {
        let address = try url.text(in: scope)
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
            throw StepRefusal("the url begins neither with http:// nor with https://")
        }
        var lines = ["url = \(Self.quoted(address))"]
        lines.append(method == .head ? "head" : "request = \(Self.quoted(method.rawValue))")
        for (name, template) in headers.sorted(by: { $0.key < $1.key }) {
            let value = try template.text(in: scope)
            guard !(name + value).contains(where: \.isNewline) else { throw StepRefusal("a header holds a line break") }
            lines.append("header = \(Self.quoted("\(name): \(value)"))")
        }
        if let body { lines.append("data-raw = \(Self.quoted(try body.text(in: scope)))") }
        var command = HostCommand(script: NodeScript.http, timeoutSeconds: 60)
        command.secrets = ["FLEET_REQUEST": SecretText(lines.joined(separator: "\n"))]
        let templates = [url] + headers.values + [body].compactMap(\.self)
        command.redactions = scope.secrets(of: templates.reduce(into: []) { $0.formUnion($1.names) })
        command.outputMark = "failed="
        return command
    }

    /// A word of curl's configuration (curl(1), --config).
    private static func quoted(_ text: String) -> String {
        let escapes: [Unicode.Scalar: String] = [
            "\\": "\\\\", "\"": "\\\"", "\n": "\\n", "\r": "\\r", "\t": "\\t",
        ]
        return "\"" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "\""
    }
}

extension NodeScript {
    /// Sends one request with curl: the secret FLEET_REQUEST holds lines of curl's configuration.
    ///
    /// Answers `status=CODE`, or `failed=` in curl's words and exits 1.
    public static let http = assemble([], [takeRequest, ScriptText.prelude, sendRequest])

    private static let takeRequest = #"""
        request=${FLEET_REQUEST:-}
        unset FLEET_REQUEST
        """#

    private static let sendRequest = #"""
        have curl || { say failed "curl is not installed on the host"; exit 1; }
        # A proxy is no way from the host to itself; what the host's own list says stays.
        direct=${no_proxy:-${NO_PROXY:-}}
        if [ "$direct" != '*' ]; then
            no_proxy=${direct:+$direct,}localhost,127.0.0.1,127.0.0.0/8,::1
            export no_proxy
        fi
        if status=$(printf '%s\n' "$request" |
            curl --silent --show-error --max-time 45 --output /dev/null --write-out '%{http_code}' --config - 2>&1)
        then say status "$status"
        else say failed "$(printf '%s' "$status" | sed -n 's/^curl: /curl: /p' | tail -n 1)"; exit 1; fi
        """#
}
