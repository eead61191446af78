import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun
import Testing

/// `health` and `notify` of a playbook: what is read, and how mistakes are told.
struct HealthAndNotifyTests {
    private func document(_ lines: String) throws -> PlaybookDocument {
        try PlaybookDocument(
            yaml: "name: x\nhosts: all\n\(lines)\nsteps:\n  - cordon:\n", file: "playbooks/x.yaml")
    }

    @Test("every kind of health check decodes")
    func health() throws {
        let document = try document(
            """
            health:
              - ready_nodes
              - pending_pods: {more: 2, within: 10m}
              - budgets:
              - command: ./smoke-test
              - command: {run: kubectl get --raw /readyz, name: api, timeout: 5s}
              - http: {url: "https://shop.example/healthz", status: [200, 204], bearer_token_file: /run/token}
              - prometheus: {url: "http://prometheus:9090", query: "rate(errors[5m])", max: 0.05, max_increase: 20%}
            """)
        let request = LocalRequest(
            url: SecretText("https://shop.example/healthz"), bearerTokenFile: "/run/token", statuses: [200, 204])
        var mistakes: [Diagnostic] = []
        #expect(
            HealthCheck.decode(document.health, &mistakes) == [
                HealthCheck(name: "ready_nodes", kind: .readyNodes),
                HealthCheck(name: "pending_pods", kind: .pendingPods(more: 2), patience: .seconds(600)),
                HealthCheck(name: "budgets", kind: .budgets),
                HealthCheck(name: "command", kind: .probe(.command(LocalCommand(script: "./smoke-test")))),
                HealthCheck(
                    name: "api",
                    kind: .probe(.command(LocalCommand(script: "kubectl get --raw /readyz", timeoutSeconds: 5)))),
                HealthCheck(name: "http", kind: .probe(.request(request))),
                HealthCheck(
                    name: "prometheus",
                    kind: .metric(
                        MetricQuery(server: SecretText("http://prometheus:9090"), expression: "rate(errors[5m])"),
                        MetricBounds(most: 0.05, mostIncrease: 0.2))),
            ])
        #expect(mistakes.isEmpty)
    }

    @Test("notify tells everything unless it says what")
    func notify() throws {
        let document = try document(
            """
            notify:
              - http: https://hooks.example/T0/secret
              - command: {run: ./page, on: [blocked, quarantined]}
            """)
        let request = LocalRequest(
            method: "POST", url: SecretText("https://hooks.example/T0/secret"), statuses: Array(200...299))
        var mistakes: [Diagnostic] = []
        #expect(
            Notifier.decode(document.notify, &mistakes) == [
                Notifier(act: .request(request)),
                Notifier(act: .command(LocalCommand(script: "./page")), kinds: [.blocked, .quarantined]),
            ])
        #expect(mistakes.isEmpty)
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let text: String
        let message: String
        var testDescription: String { text }
    }

    static let mistakes = [
        Mistake(text: "health: [ready_node]", message: "3:10: there is no health check \"ready_node\""),
        Mistake(text: "health: [{pending_pods: {more: -1}}]", message: "3:32: unusable value"),
        Mistake(text: "health: [{http: shop.example}]", message: "3:17: unusable url"),
        Mistake(
            text: "health: [{command: \"test {{ zone }} = a\"}]",
            message: "3:20: templates are not filled in here: it is asked once for the run, not for a host"),
        Mistake(text: "health: [budgets, budgets]", message: "3:19: two health checks are called \"budgets\""),
        Mistake(
            text: "health: [{prometheus: {url: \"http://p\", query: up}}]", message: "3:23: the query has no bound"),
        Mistake(text: "notify: {mail: ops@example}", message: "3:10: nobody is told by \"mail\""),
        Mistake(text: "notify: {http: {url: \"http://x\", on: wave}}", message: "3:38: unusable value"),
    ]

    @Test("mistakes are told with their place", arguments: mistakes)
    func refused(_ row: Mistake) throws {
        let document = try document(row.text)
        var mistakes: [Diagnostic] = []
        _ = HealthCheck.decode(document.health, &mistakes)
        _ = Notifier.decode(document.notify, &mistakes)
        let words = "\(try #require(Diagnostics(mistakes)))"
        #expect(words.hasPrefix("playbooks/x.yaml:\(row.message)"), "\(words)")
    }
}
