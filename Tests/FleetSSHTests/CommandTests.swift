import FleetModel
import Foundation
import Testing

@testable import FleetSSH

@Suite("Commands over a real sshd", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(2)))
struct CommandTests {
    @Test func aCommandReportsStatusAndBothStreams() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let report = await hosts.run(.plain("echo out; echo err >&2; exit 3"), on: server.endpoint())
            #expect(report.outcome == .exited(3))
            #expect(report.standardOutput == "out\n")
            #expect(report.standardError == "err\n")
            #expect(
                Set(["connect", "handshake", "authentication", "start", "command"]).isSubset(of: report.timings.keys))
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var script: String
        var outcome: HostOutcome
        var output = ""
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "nothing at all", script: "", outcome: .exited(0)),
        Row(name: "true", script: "true", outcome: .exited(0)),
        Row(name: "a syntax error", script: "if", outcome: .exited(2)),
        Row(name: "an unknown command", script: "no-such-command-here", outcome: .exited(127)),
        Row(name: "kill -9 of the shell", script: "echo a; kill -9 $$", outcome: .signalled("KILL"), output: "a\n"),
        Row(name: "kill -TERM of the shell", script: "kill -TERM $$; sleep 5", outcome: .signalled("TERM")),
        Row(name: "set -e", script: "set -e\nfalse\necho not reached", outcome: .exited(1)),
        Row(name: "no newline at the end", script: "printf abc", outcome: .exited(0), output: "abc"),
        Row(name: "standard input is empty", script: "cat; echo done", outcome: .exited(0), output: "done\n"),
        Row(name: "a leading minus", script: "-x 2>/dev/null; echo $?", outcome: .exited(0), output: "127\n"),
        Row(
            name: "quotes of all kinds", script: #"echo "it's" '$HOME' `echo a`"#, outcome: .exited(0),
            output: "it's $HOME a\n"),
        Row(name: "positional parameters are none", script: "echo $#", outcome: .exited(0), output: "0\n"),
    ]

    @Test(arguments: rows) func outcome(_ row: Row) async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let report = await hosts.run(.plain(row.script), on: server.endpoint())
            #expect(report.outcome == row.outcome, "\(report)")
            #expect(report.standardOutput == row.output)
        }
    }

    @Test("A command that needs a new connection gets one, and later ones share it")
    func newConnection() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            func connection(anew: Bool = false) async -> String {
                var command = HostCommand.plain("echo $SSH_CONNECTION")
                command.needsNewConnection = anew
                let report = await hosts.run(command, on: server.endpoint())
                #expect(report.outcome == .exited(0), "\(report)")
                return report.standardOutput
            }
            let first = await connection()
            #expect(await connection() == first)
            let second = await connection(anew: true)
            #expect(second != first)
            #expect(await connection() == second)
            #expect(await connection(anew: true) != second)
        }
    }

    @Test("closing ends what runs on a connection that was given up, too")
    func closesRetired() async throws {
        let server = try LocalSSHD()
        let hosts = await SSHHosts()
        let (begun, endpoint) = (server.folder.path + "/begun", server.endpoint())
        async let report = hosts.run(.plain(": >\(begun); sleep 60"), on: endpoint)
        try await fileAppears(begun)
        var command = HostCommand.plain("true")
        command.needsNewConnection = true
        #expect(await hosts.run(command, on: endpoint).outcome == .exited(0))
        await hosts.close()
        #expect(await report.outcome == .transportLost("fleet is closing its connections"))
    }

    @Test("connections may outlive whoever made them, and end when they are idle")
    func outliving() async throws {
        let server = try LocalSSHD(config: "LogLevel VERBOSE")
        func once() async {
            var settings = SSHSettings()
            settings.idleSeconds = 1
            let report = await SSHHosts(settings).run(.plain("true"), on: server.endpoint())
            #expect(report.outcome == .exited(0))
        }
        await once()
        try await waitUntil(server.log.contains("Received disconnect"))
    }

    @Test("a working directory and a umask hold for the script")
    func workingDirectoryAndMask() async throws {
        let server = try LocalSSHD()
        let folder = server.folder.path + "/it's here"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await withHosts { hosts in
            var command = HostCommand.plain("pwd; umask")
            command.workingDirectory = folder
            command.umask = "027"
            let report = await hosts.run(command, on: server.endpoint())
            #expect(report.standardOutput == "\(folder)\n0027\n", "\(report)")
            command.workingDirectory = folder + "/missing"
            #expect(await hosts.run(command, on: server.endpoint()).outcome == .exited(126))
            command.umask = "9;id"
            let refused = await hosts.run(command, on: server.endpoint()).outcome
            #expect(refused == .refused(HostRefusal(.configuration, "the umask \"9;id\" is not octal, such as 027")))
        }
    }

    @Test("a terminal on request: no echo, one stream, inputs, the status, and an end by deadline")
    func terminal() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            var command = HostCommand.plain("tty -s <&1 && echo terminal; fleet_input 0 9; echo err >&2; exit 3")
            command.hasTerminal = true
            command.inputs = [.bytes(Array("a\u{3}\u{4}\u{11}\r\n\u{7f}b\n".utf8))]
            let report = await hosts.run(command, on: server.endpoint())
            #expect(report.outcome == .exited(3), "\(report)")
            #expect(Array(report.standardOutput.utf8) == Array("terminal\na\u{3}\u{4}\u{11}\r\n\u{7f}b\nerr\n".utf8))
            #expect(report.standardError == "")
            var late = HostCommand.plain("echo a; sleep 60", 2)
            late.hasTerminal = true
            let stopped = await hosts.run(late, on: server.endpoint())
            #expect(stopped.outcome == .timedOut(.command), "\(stopped)")
            #expect(stopped.standardOutput == "a\n")
        }
    }

    @Test func secretsReachTheScriptAndNothingElse() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            var command = HostCommand.plain("printf %s \"$TOKEN\" | wc -c; tr '\\0' ' ' </proc/$$/cmdline >&2")
            command.secrets = ["TOKEN": SecretText("it's 'secret'")]
            let report = await hosts.run(command, on: server.endpoint())
            #expect(report.standardOutput == "13\n")
            #expect(!report.standardError.contains("secret"))
        }
    }

    @Test func environmentIsExportedInside() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            var command = HostCommand.plain("sh -c 'printf %s \"$SECRET\"'; tr '\\0' ' ' </proc/$$/cmdline >&2")
            command.environment = ["SECRET": "it's $(a) \"b\"\nline"]
            let report = await hosts.run(command, on: server.endpoint())
            #expect(report.standardOutput == "it's $(a) \"b\"\nline")
            #expect(report.standardError.contains("sh -c"))
            #expect(!report.standardError.contains("(a)"))
            command.environment = ["a-b": "x"]
            guard case .refused(let refusal) = await hosts.run(command, on: server.endpoint()).outcome else {
                Issue.record("a name that cannot be exported was accepted")
                return
            }
            #expect(refusal.code == .configuration)
        }
    }

    @Test func aBackgroundChildDoesNotHoldTheStep() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let begun = Date()
            let report = await hosts.run(.plain("sleep 30 & echo started $!"), on: server.endpoint())
            #expect(report.outcome == .exited(0))
            #expect(report.standardOutput.hasPrefix("started "))
            #expect(Date().timeIntervalSince(begun) < 25)
            let again = await hosts.run(.plain("echo again"), on: server.endpoint())
            #expect(again.standardOutput == "again\n")
        }
    }

    @Test func bigOutputsOnBothStreamsAreKeptUpToTheLimit() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let script = "head -c 5000000 /dev/zero | tr '\\0' x; head -c 6000000 /dev/zero | tr '\\0' y >&2"
            let report = await hosts.run(.plain(script, limit: 1000), on: server.endpoint())
            #expect(report.outcome == .exited(0))
            #expect(report.standardOutput == String(repeating: "x", count: 1000))
            #expect(report.standardError == String(repeating: "y", count: 1000))
            #expect(report.droppedBytes == 11_000_000 - 2000)
        }
    }

    @Test func aScriptOfAMegabyte() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let line = "# " + String(repeating: "0123456789", count: 100) + "\n"
            let script = String(repeating: line, count: 1050) + "echo reached"
            let report = await hosts.run(.plain(script), on: server.endpoint())
            #expect(report.outcome == .exited(0))
            #expect(report.standardOutput == "reached\n")
        }
    }

    @Test func aDeadlineKillsTheRemoteProcesses() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let mark = 60_000 + Int.random(in: 0..<9999)
            let script = "echo before; trap '' TERM; sh -c 'sleep \(mark) & timeout 600 sleep \(mark)'"
            let report = await hosts.run(.plain(script, 2), on: server.endpoint())
            #expect(report.outcome == .timedOut(.command))
            #expect(report.standardOutput == "before\n")
            #expect(report.standardError.contains("was ended"), "\(report.standardError)")
            let left = await hosts.run(.plain("ps -eo args | grep -c '[s]leep \(mark)'"), on: server.endpoint())
            #expect(left.standardOutput == "0\n", "\(left)")
        }
    }

    struct Late: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var script: String
        var idle: Int64?
        var total: Int64?
        var outcome: HostOutcome
        var output: String
    }

    static let late = [
        Late(
            testDescription: "silent for too long", script: "echo a; sleep 1; echo b >&2; sleep 50", idle: 3,
            outcome: .timedOut(.idle), output: "a\n"),
        Late(
            testDescription: "never silent for long", script: "for i in 1 2 3 4 5; do echo $i; sleep 1; done", idle: 4,
            outcome: .exited(0), output: "1\n2\n3\n4\n5\n"),
        Late(
            testDescription: "too long in all", script: "while :; do echo x; sleep 20; done", idle: 30, total: 5,
            outcome: .timedOut(.total), output: "x\n"),
        Late(testDescription: "soon enough in all", script: "echo a", total: 40, outcome: .exited(0), output: "a\n"),
    ]

    @Test("deadlines for silence, and for everything together, end the command on the host", arguments: late)
    func deadlines(_ row: Late) async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            var command = HostCommand.plain(row.script)
            (command.idleSeconds, command.totalSeconds) = (row.idle, row.total)
            let report = await hosts.run(command, on: server.endpoint())
            #expect(report.outcome == row.outcome, "\(report)")
            #expect(report.standardOutput == row.output)
            #expect(report.standardError.contains("was ended") == (row.outcome != .exited(0)), "\(report)")
        }
    }

    @Test("a host that is not reached is not tried beyond the time for everything together")
    func totalWithoutConnection() async throws {
        let server = try LocalSSHD()
        server.hang()
        defer { server.wake() }
        try await withHosts {
            $0.handshakeSeconds = 60
        } _: { hosts in
            var command = HostCommand.plain("true")
            command.totalSeconds = 2
            let begun = ContinuousClock.now
            let report = await hosts.run(command, on: server.endpoint())
            #expect(report.outcome == .neverStarted("its time of 2 s in all was over before it could start"))
            #expect(ContinuousClock.now - begun < .seconds(30))
        }
    }

    @Test("a stop that hangs on the host is given up in its own time, and not stopped in its turn")
    func hungStop() async throws {
        // A tool of the stop's that hangs as long as it is there.
        let sed = """
            #!/bin/sh
            while [ -e "$0" ]; do sleep 0.2; done
            exec /bin/sed "$@"
            """
        let server = try LocalSSHD(config: "LogLevel VERBOSE", programs: ["sed": sed])
        try await withHosts {
            $0.killGraceSeconds = 0
            $0.stopSeconds = 2
        } _: { hosts in
            let report = await hosts.run(.plain("echo begun; sleep 30", 1), on: server.endpoint())
            #expect(report.outcome == .timedOut(.command))
            #expect(report.standardOutput == "begun\n")
            #expect(report.standardError.contains("could not be ended"), "\(report.standardError)")
            #expect(server.log.components(separatedBy: "Starting session: command").count - 1 == 2)
        }
    }

    @Test func cancellingKillsTheRemoteProcesses() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let mark = 70_000 + Int.random(in: 0..<9999)
            let endpoint = server.endpoint()
            let begun = server.folder.path + "/begun"
            let task = Task { await hosts.run(.plain(": >\(begun); exec sleep \(mark)"), on: endpoint) }
            try await fileAppears(begun)
            task.cancel()
            let report = await task.value
            #expect(report.outcome == .signalled("TERM"), "\(report)")
            let left = await hosts.run(.plain("ps -eo args | grep -c '[s]leep \(mark)'"), on: server.endpoint())
            #expect(left.standardOutput == "0\n")
        }
    }

    @Test func aDaemonKilledInMidCommandIsALostTransport() async throws {
        let server = try LocalSSHD()
        try await withHosts { hosts in
            let report = await hosts.run(.plain("echo a; sleep 0.5; kill -9 $PPID; sleep 5"), on: server.endpoint())
            guard case .transportLost = report.outcome else {
                Issue.record("\(report)")
                return
            }
            #expect(report.standardOutput == "a\n")
        }
    }

    @Test func aSilentPeerIsFoundDead() async throws {
        let server = try LocalSSHD()
        try await withHosts {
            $0.probeSeconds = 3
            $0.probes = 2
        } _: { hosts in
            // Stops the session's own sshd, and wakes it when the test is long over.
            let script = "p=$PPID; (sleep 40; kill -CONT $p) >/dev/null 2>&1 & kill -STOP $PPID; sleep 30"
            let report = await hosts.run(.plain(script), on: server.endpoint())
            guard case .transportLost(let words) = report.outcome else {
                Issue.record("\(report)")
                return
            }
            #expect(words.contains("probes"))
        }
    }

    @Test func nothingListensIsNeverStarted() async throws {
        let server = try LocalSSHD()
        server.stop()
        try await withHosts { hosts in
            let report = await hosts.run(.plain("true"), on: server.endpoint())
            #expect(
                report.outcome
                    == .neverStarted("connect to 127.0.0.1 port \(server.endpoint().port): Connection refused"))
        }
    }

    @Test func aLoginShellThatRefusesIsNeverStarted() async throws {
        let server = try LocalSSHD(config: "ForceCommand echo not available; exit 1")
        try await withHosts { hosts in
            let report = await hosts.run(.plain("true"), on: server.endpoint())
            #expect(report.outcome == .neverStarted("the login shell did not start sh: not available"))
        }
    }

    @Test func severalCommandsShareOneConnection() async throws {
        let server = try LocalSSHD(config: "LogLevel VERBOSE")
        try await withHosts { hosts in
            let endpoint = server.endpoint()
            let outputs = await withTaskGroup(of: String.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        await hosts.run(.plain("echo \(number)"), on: endpoint).standardOutput
                    }
                }
                return await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(outputs == Set((0..<30).map { "\($0)\n" }))
        }
        #expect(server.log.components(separatedBy: "Accepted publickey").count == 2)
    }

    @Test func twoHundredHosts() async throws {
        let servers = try (0..<13).map { rack in
            try LocalSSHD(addresses: (1...16).map { "127.0.\(rack + 10).\($0)" }, config: "LogLevel VERBOSE")
        }
        let endpoints = servers.flatMap { server in server.addresses.map { server.endpoint($0) } }.prefix(200)
        try await withHosts { hosts in
            for _ in 0..<2 {
                let reports = await withTaskGroup(of: (String, HostReport).self) { group in
                    for endpoint in endpoints {
                        group.addTask {
                            let report = await hosts.run(.plain("set -- $SSH_CONNECTION; echo $3"), on: endpoint)
                            return (endpoint.address, report)
                        }
                    }
                    return await group.reduce(into: [String: HostReport]()) { $0[$1.0] = $1.1 }
                }
                #expect(reports.count == 200)
                for (address, report) in reports {
                    #expect(report.outcome == .exited(0), "\(address): \(report)")
                    #expect(report.standardOutput == "\(address)\n")
                }
            }
        }
        let accepted = servers.map { $0.log.components(separatedBy: "Accepted publickey").count - 1 }
        #expect(accepted.reduce(0, +) == 200, "one connection for both commands")
    }
}
