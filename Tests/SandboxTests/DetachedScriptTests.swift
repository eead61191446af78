import FleetCommands
import FleetModel
import Testing

@testable import FleetRun

/// Detached scripts on a real host: started once, found again, ended with proof (safety rule 25).
@Suite("Detached scripts", .serialized, .needsSandbox)
struct DetachedScriptTests {
    private func script(_ text: String, _ id: String = "step-1") -> DetachedScript {
        DetachedScript(HostCommand(script: text), id: id, run: "r1")
    }

    @Test("Two starts run it once; status, output and disk are as they should be")
    func once() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let script = script("echo ran >>/tmp/ran\numask\necho \"it's\" over\nexit 7")
            async let one = fleet.output("a", script.start(again: false).script)
            async let other = fleet.output("a", script.start(again: false).script)
            let answers = try await [one, other].map { NodeAnswer($0) }
            #expect(answers.map { DetachedState($0) } == [.ended(7), .ended(7)])
            #expect(answers[0].all("output") == ["0022", "it's over"])
            #expect(try await fleet.output("a", "cat /tmp/ran; stat -c %a /var/lib/fleet/r1/step-1") == "ran\n700\n")
            #expect(try await fleet.output("a", script.clear.script) == "cleared=yes\n")
            #expect(try await fleet.output("a", "ls -d /var/lib/fleet 2>/dev/null; exit 0") == "")
        }
    }

    @Test("It goes on without a connection, and is followed to its end")
    func goesOn() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let script = script("while [ ! -e /tmp/go ]; do sleep 0.1; done; echo gone on")
            #expect(
                DetachedState(NodeAnswer(try await fleet.output("a", script.start(again: false).script))) == .running)
            #expect(
                DetachedState(NodeAnswer(try await fleet.output("a", script.follow(for: .zero).script))) == .running)
            _ = try await fleet.output("a", "touch /tmp/go")
            let answer = NodeAnswer(try await fleet.output("a", script.follow(for: .seconds(60)).script))
            #expect(DetachedState(answer) == .ended(0))
            #expect(answer.all("output") == ["gone on"])
        }
    }

    @Test("Stopping ends its whole process group, also one that ignores SIGTERM")
    func stop() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let script = script("trap '' TERM\nsleep 4245 & sleep 4245")
            _ = try await fleet.output("a", script.start(again: false).script)
            #expect(try await fleet.output("a", "ps ax | grep -c '[s]leep 4245'") == "2\n")
            let answer = NodeAnswer(try await fleet.output("a", script.stop.script))
            #expect(answer.last("gone") == "yes")
            #expect(DetachedState(answer) == .lost)
            #expect(try await fleet.output("a", "ps ax | grep -c '[s]leep 4245'; exit 0") == "0\n")
        }
    }

    @Test("One that was killed is lost; it begins anew only where that is asked for")
    func lost() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let script = script("echo ran >>/tmp/ran; [ -e /tmp/quick ] || sleep 4246")
            _ = try await fleet.output("a", script.start(again: false).script)
            _ = try await fleet.output("a", "read -r pid rest </var/lib/fleet/r1/step-1/process; kill -s KILL -- -$pid")
            #expect(
                DetachedState(NodeAnswer(try await fleet.output("a", script.follow(for: .seconds(5)).script))) == .lost)
            #expect(DetachedState(NodeAnswer(try await fleet.output("a", script.start(again: false).script))) == .lost)
            _ = try await fleet.output("a", "touch /tmp/quick")
            #expect(
                DetachedState(NodeAnswer(try await fleet.output("a", script.start(again: true).script))) == .ended(0))
            #expect(try await fleet.output("a", "cat /tmp/ran") == "ran\nran\n")
        }
    }

    @Test("A host without the tools is told what it lacks, and nothing is started")
    func missingTools() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let reading = try await fleet.read("a", "PATH=/none\n" + script("true").start(again: false).script)
            #expect(reading.status == 1)
            #expect(
                reading.error == "there is no setsid on this host (package util-linux); nothing was started\n")
        }
    }
}
