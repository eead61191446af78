import FleetModel
import FleetReport
import Testing

/// What others say cannot steer the operator's terminal, nor pass for a line of fleet's.
@Suite("Others' words on the terminal")
struct VisibleTextTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var line: String
        var screen: String
        var testDescription: String { screen }
    }

    static let rows = [
        Row(
            text: "plain é\u{301}\ttext – “quoted”", line: "plain é\u{301}\ttext – “quoted”",
            screen: "plain é\u{301}\ttext – “quoted”"),
        Row(text: "\u{1B}[2J\u{1B}]0;x\u{7}", line: "^[[2J^[]0;x^G", screen: "^[[2J^[]0;x^G"),
        Row(text: "a\u{9B}31mb", line: "a\\u{9b}31mb", screen: "a\\u{9b}31mb"),
        Row(text: "a\nrun r-1 is done", line: "a run r-1 is done", screen: "a\nrun r-1 is done"),
        Row(text: "a\r\nb\rc", line: "a b c", screen: "a^M\nb^Mc"),
        Row(text: "a\u{2028}b\u{7F}\u{0}", line: "a b^?^@", screen: "a\u{2028}b^?^@"),
        Row(text: "a\u{85}b", line: "a b", screen: "a\\u{85}b"),
        Row(text: "web-\u{202E}10\u{2066}", line: "web-\\u{202e}10\\u{2066}", screen: "web-\\u{202e}10\\u{2066}"),
        Row(text: "", line: "", screen: ""),
    ]

    @Test("control characters are shown; on one line, line breaks become blanks", arguments: rows)
    func forms(_ row: Row) {
        #expect(VisibleText.oneLine(row.text) == row.line)
        #expect(VisibleText.screen(row.text, .plain) == row.screen)
        #expect(VisibleText.screen(row.text, .ansi) == row.screen)
        #expect(TextTable.Cell(row.text, .bad).text == row.line)
        let event = EventLine(at: Instant(seconds: 0), node: NodeName(row.text), row.text)
        #expect(event.text(.plain) == "00:00:00Z  \(row.line)  \(row.line)")
    }

    @Test("fleet's own colours pass where there are colours, and nowhere else", arguments: TextStyle.Tone.allCases)
    func colours(_ tone: TextStyle.Tone) {
        let text = "a \(TextStyle.ansi(tone, "b\u{1B}[5mc")) d"
        #expect(VisibleText.screen(text, .ansi) == "a \(TextStyle.ansi(tone, "b^[[5mc")) d")
        #expect(!VisibleText.screen(text, .plain).contains("\u{1B}"))
    }

    @Test("a table keeps its rows")
    func table() {
        var table = TextTable(["node", "why"])
        table.add(["n1", TextTable.Cell("bad\nn2    fine")])
        #expect(table.text(.plain) == "node  why\nn1    bad n2    fine")
    }

    @Test("JSON says the same without raw control characters")
    func json() {
        #expect(VisibleText.json("{\"a\":\"é\u{9B}2J\u{7F}\u{202E}–\"}") == #"{"a":"é\u009b2J\u007f\u202e–"}"#)
        #expect(VisibleText.json(#"{"a":"\u001b"}"#) == #"{"a":"\u001b"}"#)
    }
}
