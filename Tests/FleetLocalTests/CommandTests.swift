import FleetLocal
import FleetModel
import Testing

/// Commands of the operator's on the machine that runs fleet.
struct CommandTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let script: String
        let report: LocalReport
        var testDescription: String { script }
    }

    static let rows = [
        Row(script: "true", report: LocalReport(isSuccess: true, code: "exited 0")),
        Row(
            script: "echo one; echo two >&2; exit 7",
            report: LocalReport(isSuccess: false, code: "exited 7", message: "two")),
        Row(
            script: "echo only output; exit 1",
            report: LocalReport(isSuccess: false, code: "exited 1", message: "only output")),
        Row(script: "kill -KILL $$", report: LocalReport(isSuccess: false, code: "killed by signal 9")),
        Row(
            script: "test \"$FLEET_WAVE\" = 3 && echo \"$PATH\" | grep -q /",
            report: LocalReport(isSuccess: true, code: "exited 0")),
    ]

    @Test("how it ends is reported truthfully, with its last words", arguments: rows)
    func ends(_ row: Row) async {
        let command = LocalCommand(script: row.script, environment: ["FLEET_WAVE": "3"])
        #expect(await LocalMachine().perform(.command(command)) == row.report)
    }

    @Test("its text stands on no command line and in no environment, and it reads nothing from fleet's standard input")
    func privacy() async {
        // The secret stands in the text alone; what looks for it has it in two parts.
        let script = """
            : hunter2-in-the-text
            part=in-the-text
            { tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline; env; tr '\\0' '\\n' </proc/$$/environ; cat; } |
                grep -c "hunter2-$part" >&2
            exit 3
            """
        let report = await LocalMachine().perform(.command(LocalCommand(script: script)))
        #expect(report == LocalReport(isSuccess: false, code: "exited 3", message: "0"))
    }

    @Test("one that takes too long is killed with what it started")
    func late() async {
        let clock = ContinuousClock()
        let begun = clock.now
        let report = await LocalMachine().perform(
            .command(LocalCommand(script: "sleep 300 & sleep 300; echo never", timeoutSeconds: 1)))
        #expect(
            report
                == LocalReport(isSuccess: false, code: "timed out", message: "the command did not end within 1s"))
        #expect(clock.now - begun < .seconds(60), "a child that holds the pipe open must not hold the answer up")
    }
}
