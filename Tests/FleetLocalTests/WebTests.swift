import FleetLocal
import FleetModel
import Foundation
import Testing

/// HTTP requests from the machine that runs fleet, and queries of Prometheus.
struct WebTests {
    private func report(
        _ status: Int, _ body: String, _ act: (String) -> LocalAct
    ) async throws -> (report: LocalReport, seen: [OneAnswerServer.Seen]) {
        let server = try await OneAnswerServer(status, body)
        let report = await LocalMachine().perform(act(server.url))
        await server.stop()
        return (report, server.seen)
    }

    @Test("a wanted status is success; any other fails with the server's words")
    func statuses() async throws {
        let get: (String) -> LocalAct = {
            .request(LocalRequest(url: SecretText("\($0)/healthz"), statuses: [200, 204]))
        }
        #expect(try await report(204, "", get).report == LocalReport(isSuccess: true, code: "status 204"))
        #expect(
            try await report(503, "draining\nbye", get).report
                == LocalReport(isSuccess: false, code: "status 503", message: "draining; bye"))
    }

    static let echoes = [
        "no route for /services/T0/B0/xoxb-secret", "unknown token xoxb-secret", "bad query key=s3cr%25t-1",
        "bad value s3cr%t-1", "xoxb-secret and s3cr%25t-1", String(repeating: "x", count: 290) + "xoxb-secret",
        #"{"path":"\/services\/T0\/B0\/xoxb-secret"}"#, "who is alice:hunter2-x, or hunter2-x?",
    ]

    @Test("an answer that repeats the address does not tell it", arguments: echoes)
    func echo(_ words: String) async throws {
        let address = { (server: String) in
            server.replacingOccurrences(of: "://", with: "://alice:hunter2-x@")
                + "/services/T0/B0/xoxb-secret?key=s3cr%25t-1"
        }
        let said = try await report(404, words) { .request(LocalRequest(url: SecretText(address($0)))) }.report
        #expect(said.code == "status 404" && said.message.contains("(secret)"), "\(said)")
        let metric = try await report(200, words) {
            .query(MetricQuery(server: SecretText(address($0)), expression: "up"))
        }.report
        #expect(metric.code == "malformed" && metric.message.contains("(secret)"), "\(metric)")
        for secret in ["xoxb", "s3cr", "hunter2"] {
            #expect(!said.message.contains(secret) && !metric.message.contains(secret), "\(said) \(metric)")
        }
    }

    @Test("a notice is posted as JSON, with the token of a file")
    func post() async throws {
        let token = NSTemporaryDirectory() + "fleet-token-\(UUID().uuidString)"
        try Data("s3cret\n".utf8).write(to: URL(fileURLWithPath: token))
        defer { try? FileManager.default.removeItem(atPath: token) }
        let (report, seen) = try await report(200, "ok") {
            .request(
                LocalRequest(
                    method: "POST", url: SecretText("\($0)/hook"), bearerTokenFile: token, body: #"{"text":"x"}"#))
        }
        #expect(report.isSuccess)
        #expect(
            seen == [
                .init(method: "POST", target: "/hook", authorization: "Bearer s3cret", body: #"{"text":"x"}"#)
            ])
    }

    @Test("a token that no header can hold is not sent, and not told")
    func brokenToken() async throws {
        let token = NSTemporaryDirectory() + "fleet-token-\(UUID().uuidString)"
        try Data("s3cret\nmore\n".utf8).write(to: URL(fileURLWithPath: token))
        defer { try? FileManager.default.removeItem(atPath: token) }
        let (report, seen) = try await report(200, "ok") {
            .request(LocalRequest(url: SecretText("\($0)/hook"), bearerTokenFile: token))
        }
        #expect(report.code == "never started" && report.message.contains(token), "\(report)")
        #expect(!report.message.contains("s3cret") && !report.message.contains("more"))
        #expect(seen.isEmpty)
    }

    @Test("nobody there: it was never sent, and the address, which may hold a secret, is not told")
    func unreachable() async throws {
        let server = try await OneAnswerServer(200, "")
        await server.stop()
        let report = await LocalMachine().perform(.request(LocalRequest(url: SecretText("\(server.url)/T0/secret"))))
        #expect(!report.isSuccess)
        #expect(report.code == "never started", "\(report)")
        #expect(!report.message.contains("T0/secret"))
    }

    @Test("an answer that stands still behind its head meets the deadline")
    func standsStill() async throws {
        let server = try await OneAnswerServer(200, "half", missing: 4)
        let request = LocalRequest(url: SecretText(server.url), timeoutSeconds: 1)
        let start = ContinuousClock.now
        let report = await LocalMachine().perform(.request(request))
        await server.stop()
        #expect(report.code == "timed out", "\(report)")
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    struct Answer: Sendable, CustomTestStringConvertible {
        let body: String
        let report: LocalReport
        var testDescription: String { body }
    }

    static let answers = [
        Answer(
            body:
                #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"zone":"a"},"value":[1767362520.1,"0.25"]},{"metric":{},"value":[1767362520.1,"3"]}]}}"#,
            report: LocalReport(isSuccess: true, code: "status 200", values: [0.25, 3])),
        Answer(
            body: #"{"status":"success","data":{"resultType":"scalar","result":[1767362520,"7"]}}"#,
            report: LocalReport(isSuccess: true, code: "status 200", values: [7])),
        Answer(
            body: #"{"status":"success","data":{"resultType":"vector","result":[]}}"#,
            report: LocalReport(isSuccess: true, code: "status 200")),
        Answer(
            body: #"{"status":"error","errorType":"bad_data","error":"parse error: unexpected end of input"}"#,
            report: LocalReport(isSuccess: false, code: "refused", message: "parse error: unexpected end of input")),
        Answer(
            body: "<html>login</html>",
            report: LocalReport(
                isSuccess: false, code: "malformed", message: "the answer is not Prometheus': <html>login</html>")),
    ]

    @Test("what Prometheus answers", arguments: answers)
    func prometheus(_ row: Answer) async throws {
        let (report, seen) = try await report(200, row.body) {
            .query(MetricQuery(server: SecretText("\($0)/"), expression: "sum(rate(errors[5m])) > bool 0 & up"))
        }
        #expect(report == row.report)
        #expect(
            seen.map(\.target) == [
                "/api/v1/query?query=sum(rate(errors%5B5m%5D))%20%3E%20bool%200%20%26%20up"
            ])
    }
}
