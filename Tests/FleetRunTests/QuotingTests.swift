import FleetExpressions
import FleetModel
import Foundation
import Testing

@testable import FleetRun

/// What separates words, lines and strings on hosts is found by bytes: beside a combining mark it is another Character.
@Suite("Quoting for hosts")
struct QuotingTests {
    static let texts = ["'\u{301}; id; '", "'\u{200D}", "'\u{FE0F}", "\u{600}'; id; \u{600}'"]

    @Test("a script's variable is exactly the text", arguments: texts)
    func assignment(_ text: String) throws {
        let script = NodeScript.assemble([("FLEET_X", text)], [#"printf %s "$FLEET_X""#])
        #expect(try Self.output(of: script) == Array(text.utf8))
    }

    @Test("curl's configuration and the kubelet's escape quotes and backslashes before combining marks")
    func strings() throws {
        let value = "a\"\u{301}\\\u{FE0F}b"
        let escaped = Array("\"a\\\"\u{301}\\\\\u{FE0F}b\"".utf8)
        let request = try Self.command(
            "http", ["url": "https://a.example/", "method": "POST", "body": "{{ v }}"], ["v": .string(value)])
        let configuration = try #require(request.secrets["FLEET_REQUEST"]).withText { $0 }
        #expect(Array(configuration.utf8).suffix(escaped.count) == escaped[...])
        let settings = try Self.command(
            "kubelet_config", ["settings": ["clusterDomain": "{{ v }}"]], ["v": .string(value)])
        #expect(settings.environment["FLEET_SETTINGS"].map { Array($0.utf8).suffix(escaped.count) } == escaped[...])
    }

    static let paths: [(path: String, depth: Int, isGood: Bool)] = [
        ("/var/lib/longhorn", 2, true), ("/var", 2, false), ("/etc/motd", 1, true), ("var/lib/x", 2, false),
        ("/var/lib/../etc", 2, false), ("/var/./lib", 2, false), ("/var/lib/../\u{301}x", 2, false),
        ("/var/lib\u{600}/../etc", 2, false), ("/\u{301}/../..", 2, false), ("/var/lib\r\n/x", 2, false),
        ("/var/lib\n\u{301}", 2, false), ("/var/e\u{301}/x", 2, true), ("/var/lib\0", 2, false),
    ]

    @Test("a path has the components that the kernel sees", arguments: paths)
    func components(_ row: (path: String, depth: Int, isGood: Bool)) {
        #expect(FilePathText.isAbsolute(row.path, depth: row.depth) == row.isGood)
    }

    @Test("an answer's lines end at line feeds, its keys at the first equals sign")
    func answers() {
        let answer = NodeAnswer("status=\u{301}200\r\nfailed=x\nÀ=1\n=2\n")
        #expect(answer.rows.map(\.key) == ["status", "failed"])
        #expect(answer.rows.map { Array($0.value.utf8) } == [Array("\u{301}200\r".utf8), Array("x".utf8)])
    }

    private static func command(
        _ kind: String, _ arguments: VariableValue, _ variables: VariableMapping
    ) throws -> HostCommand {
        let step = try #require(try Fixture.steps([(kind, Fixture.located(arguments))]).first).step
        var machine = RunMachine(Fixture.order(waves: [[Fixture.target("n1")]], steps: [PlannedStep(step: step)]))
        machine.world.synchronize(with: ClusterSnapshot(nodes: [Fixture.node("n1")]))
        var node = NodeProgress(target: Fixture.target("n1"), wave: 1)
        node.steps[0] = StepMemory(startedAt: Instant(seconds: 1))
        var context = machine.context(for: node, 0)
        context.now = Instant(seconds: 1)
        context.scope = VariableScope(variables)
        if let state = step as? any HostStateStep { return try state.command(in: context) }
        guard case .perform(let operations, _) = step.advance(context),
            case .host(let command)? = operations.first?.operation
        else { throw StepRefusal("\(kind) sent nothing") }
        return command
    }

    private static func output(of script: String) throws -> [UInt8] {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Array(bytes)
    }
}
