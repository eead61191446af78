import FleetModel
import Foundation
import Testing

@testable import FleetSSH

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `fleet exec`, as an operator types it, over one sshd whose addresses stand for hosts.
@Suite("fleet exec over a real sshd", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(3)))
struct ExecCommandTests {
    @Test("identical output is told once, and one other host apart")
    func grouped() throws {
        let world = try ExecWorld(config: "Match LocalAddress 127.0.0.3\n  SetEnv RACK=b")
        let result = try world.run("web:!n5", [], ["echo one; echo two;", "echo ${RACK:-a}"])
        #expect(result.status == 0, "\(result.error)")
        #expect(
            result.timeless == """
                n[1-2,4] (3 hosts): exit 0
                  one
                  two
                  a

                n3: exit 0
                  differs from the majority in standard output:
                  …
                    two
                  - a
                  + b

                4 ok

                """)
        #expect(result.error == "")
    }

    @Test("failures end in 2, and --rerun chooses among them")
    func rerun() throws {
        let world = try ExecWorld(config: "Match LocalAddress 127.0.0.2\n  SetEnv FAILS=1")
        let first = try world.run("web", ["--timeout", "60s"], ["exit ${FAILS:-0}"])
        #expect(first.status == 2, "\(first.error)")
        #expect(first.output.contains("n[1,3-4] (3 hosts): exit 0"))
        #expect(first.output.contains("n2: exit 1"))
        #expect(first.output.contains("n5: never started: connect to 127.0.0.5 port"), "\(first.output)")
        #expect(first.timeless.hasSuffix("3 ok, 1 failed, 1 unreachable\n"))
        let failed = try world.run("all", ["--rerun", "failed"], ["echo again"])
        #expect(failed.status == 0, "\(failed.error)")
        #expect(failed.timeless == "n2: exit 0\n  again\n\n1 ok\n")
        let unreachable = try world.run("all", ["--rerun", "unreachable"], ["echo again"])
        #expect(unreachable.status == 1)
        #expect(unreachable.timeless.hasSuffix("0 ok, 1 unreachable\n"))
        let none = try world.run("all", ["--rerun", "failed", "--rerun", "timeout"], ["echo again"])
        #expect(none.status == 0)
        #expect(none.error.hasPrefix("nothing to do: no host of \"all\" ended as failed or timeout in the last exec ("))
        #expect(none.output == "")
    }

    @Test("--max-failures stops beginning hosts, and --rerun skipped goes on with them")
    func maxFailures() throws {
        let world = try ExecWorld(config: "Match LocalAddress 127.0.0.2\n  SetEnv FAILS=1")
        let first = try world.run("web:!n5", ["--forks", "1", "--max-failures", "0"], ["exit ${FAILS:-0}"])
        #expect(first.status == 1)
        #expect(
            first.timeless == "n1: exit 0\n\nn2: exit 1\n\nn[3-4] (2 hosts): not begun\n\n1 ok, 1 failed, 2 not begun\n"
        )
        #expect(first.error == "warning: stopped: 1 hosts failed, and --max-failures allows 0\n")
        let rest = try world.run("web", ["--rerun", "skipped"], ["true"])
        #expect(rest.status == 0, "\(rest.error)")
        #expect(rest.timeless == "n[3-4] (2 hosts): exit 0\n\n2 ok\n")
    }

    @Test("a command that takes too long is killed on the host, and fails the exec when it was everywhere")
    func timeout() throws {
        let world = try ExecWorld()
        let mark = 70_000 + Int.random(in: 0..<9999)
        let result = try world.run("n1", ["--timeout", "2s"], ["echo before; sleep \(mark)"])
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("n1: still running when its time was over\n  before\n"), "\(result.output)")
        let left = try world.run("n1", ["--rerun", "timeout"], ["ps -eo args | grep -c '[s]leep \(mark)'"])
        #expect(left.output.hasPrefix("n1: exit 1\n  0\n"), "\(left.output)")
        let silent = try world.run("n1", ["--idle-timeout", "2s"], ["echo before; sleep 50"])
        #expect(silent.status == 1)
        #expect(silent.output.hasPrefix("n1: silent for too long\n  before\n"), "\(silent.output)")
    }

    @Test("--live prints lines as they come, each stream on its own")
    func live() throws {
        let world = try ExecWorld()
        let result = try world.run("n1,n2", ["--live"], ["echo out; printf err >&2"])
        #expect(result.status == 0, "\(result.error)")
        let lines = result.timeless.split(separator: "\n")
        #expect(lines.dropLast().sorted() == ["n1  out", "n2  out"])
        #expect(lines.last == "2 ok")
        #expect(result.error.split(separator: "\n").sorted() == ["n1  err", "n2  err"])
    }

    @Test("JSON tells every outcome, its streams and its timings")
    func json() throws {
        let world = try ExecWorld()
        let result = try world.run("n1,n5", ["--output", "json"], ["echo out; kill -9 $$"])
        #expect(result.status == 1)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(object["schema"] as? String == "fleet.exec/v1")
        #expect(
            object["counts"] as? [String: Int] == ["ok": 0, "failed": 1, "timeout": 0, "unreachable": 1, "skipped": 0])
        let hosts = try #require(object["hosts"] as? [[String: Any]])
        #expect(hosts.map { $0["host"] as? String } == ["n1", "n5"])
        #expect(hosts[0]["outcome"] as? [String: String] == ["kind": "signalled", "signal": "KILL"])
        #expect(hosts[0]["standardOutput"] as? String == "out\n")
        let timings = try #require(hosts[0]["timings"] as? [String: Int])
        #expect(Set(timings.keys) == ["connect", "handshake", "authentication", "start", "command"])
        let outcome = try #require(hosts[1]["outcome"] as? [String: String])
        #expect(outcome["kind"] == "neverStarted")
    }

    @Test("one SIGINT stops the command where it runs, and ends in 130")
    func interrupt() async throws {
        let world = try ExecWorld()
        let mark = 80_000 + Int.random(in: 0..<9999)
        let flag = world.server.folder.path + "/begun"
        let process = try world.start("n1,n2,n3", ["--forks", "1"], ["echo here; : >\(flag); sleep \(mark)"])
        try await fileAppears(flag)
        kill(process.pid, SIGINT)
        let result = world.result(of: process)
        #expect(result.status == 130)
        #expect(result.error.hasPrefix("SIGINT: no more hosts are begun"), "\(result.error)")
        #expect(result.output.contains("n1: killed by SIGTERM"), "\(result.output)")
        #expect(result.output.contains("n[2-3] (2 hosts): not begun"), "\(result.output)")
        let left = try world.run("n1", [], ["ps -eo args | grep -c '[s]leep \(mark)'"])
        #expect(left.output.hasPrefix("n1: exit 1\n  0\n"), "\(left.output)")
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var pattern = "web"
        var options: [String] = []
        var command = ["true"]
        var words: String
    }

    static let mistakes = [
        Mistake(testDescription: "no command", command: [], words: "no command is given"),
        Mistake(testDescription: "no such host", pattern: "wbe", words: "no host or group matches \"wbe\""),
        Mistake(testDescription: "no host left", pattern: "n1:!n1", words: "leaves no host"),
        Mistake(testDescription: "forks", options: ["--forks", "0"], words: "from 1 to 10000"),
        Mistake(testDescription: "timeout", options: ["--timeout", "0s"], words: "at least 1s"),
        Mistake(testDescription: "bound", options: ["--max-failures", "101%"], words: "such as 3 or 10%"),
        Mistake(
            testDescription: "rerun of nothing", options: ["--rerun", "failed"], words: "there is no earlier exec"),
        Mistake(testDescription: "live JSON", options: ["--live", "--output", "json"], words: "choose one"),
        Mistake(testDescription: "extra variables", options: ["-e", "a=1"], words: "exec reads no templates"),
    ]

    @Test("a wrong command line ends in 64 and says why, before anything is dialled", arguments: mistakes)
    func mistake(_ row: Mistake) throws {
        let world = try ExecWorld()
        let result = try world.run(row.pattern, row.options, row.command)
        #expect(result.status == 64, "\(result)")
        #expect(result.error.contains(row.words), "\(result.error)")
        #expect(!world.server.log.contains("Accepted"))
    }
}
