public import FleetExpressions
import FleetModel

extension HealthCheck {
    private static let kinds = ["ready_nodes", "pending_pods", "budgets", "command", "http", "prometheus"]

    /// Reads a playbook's `health`, and adds every mistake.
    public static func decode(_ checks: [PlaybookCheck], _ mistakes: inout [Diagnostic]) -> [HealthCheck] {
        var names: Set<String> = []
        return checks.compactMap { check -> HealthCheck? in
            guard kinds.contains(check.kind) else {
                mistakes.append(unknown(check))
                return nil
            }
            var decoder = LocatedDecoder(LocalForms.arguments(of: check), as: check.kind)
            let decoded = read(check.kind, &decoder)
            decoder.refuseUnknownKeys()
            mistakes += decoder.diagnostics
            if let decoded, !names.insert(decoded.name).inserted {
                mistakes.append(
                    Diagnostic(
                        "two health checks are called \"\(decoded.name)\"", at: check.location,
                        suggestion: "give each its own name: {name: …}"))
            }
            return decoded
        }
    }

    /// What a check may be, for editors.
    public static var schema: ValueSchema { LocalForms.schema(of: kinds, askedBy: read) }

    private static func read(_ kind: String, _ arguments: inout LocatedDecoder) -> HealthCheck? {
        let name = arguments.optional("name", .string) ?? kind
        let patience = arguments.optional("within", .duration) ?? .seconds(300)
        return Kind(kind, &arguments).map { HealthCheck(name: name, kind: $0, patience: patience) }
    }

    private static func unknown(_ check: PlaybookCheck) -> Diagnostic {
        Diagnostic(
            "there is no health check \"\(check.kind)\"", at: check.location,
            expected: "one of \(kinds.joined(separator: ", "))",
            suggestion: Suggestion.sentence(for: check.kind, among: kinds))
    }
}

extension HealthCheck.Kind {
    /// Reads the arguments of a kind; mistakes are reported to the decoder.
    fileprivate init?(_ kind: String, _ arguments: inout LocatedDecoder) {
        switch kind {
        case "ready_nodes": self = .readyNodes
        case "pending_pods": self = .pendingPods(more: arguments.optional("more", .int(in: 0...Int.max)) ?? 0)
        case "budgets": self = .budgets
        case "command":
            guard let command = LocalForms.command(&arguments) else { return nil }
            self = .probe(.command(command))
        case "http":
            guard let request = LocalForms.request(&arguments, method: "GET") else { return nil }
            self = .probe(.request(request))
        default:
            guard let metric = Self.metric(&arguments) else { return nil }
            self = metric
        }
    }

    private static func metric(_ arguments: inout LocatedDecoder) -> Self? {
        let url = arguments.required("url", LocalForms.url)
        let query = arguments.required("query", .string)
        let token = arguments.optional("bearer_token_file", .string)
        let timeout = arguments.optional("timeout", LocalForms.timeout) ?? 30
        let bounds = MetricBounds(
            most: arguments.optional("max", LocalForms.number), least: arguments.optional("min", LocalForms.number),
            mostIncrease: arguments.optional("max_increase", LocalForms.share),
            mostDecrease: arguments.optional("max_decrease", LocalForms.share))
        if bounds == MetricBounds() {
            arguments.report(
                "the query has no bound", expected: "one or more of max, min, max_increase, max_decrease")
        }
        guard let url, let query else { return nil }
        return .metric(
            MetricQuery(server: url, expression: query, bearerTokenFile: token, timeoutSeconds: timeout), bounds)
    }
}
