import FleetExpressions
import FleetFiles
import FleetModel
import Testing

@Suite("YAML")
struct YAMLReaderTests {
    private func read(_ text: String) throws -> LocatedValue { try YAMLReader.read(text, file: "f.yaml") }

    @Test("keys and values know their places")
    func places() throws {
        let root = try read("a: 1\nb:\n  - x\n  - {c: \"d\"}\n")
        let entry = try #require(root.mapping?.entry("b"))
        #expect(entry.keyLocation == Place(file: "f.yaml", line: 2, column: 1))
        let last = try #require(entry.value.elements?.last?.mapping?["c"])
        #expect(last.location == Place(file: "f.yaml", line: 4, column: 9))
        #expect(last.scalar?.textLocation == Place(file: "f.yaml", line: 4, column: 10))
    }

    @Test("characters of a literal block know their places")
    func literal() throws {
        let root = try read("steps:\n  - run:\n      script: |\n        ls\n\n          {{ x }}\n")
        let script = try #require(root.mapping?["steps"]?.elements?[0].mapping?["run"]?.mapping?["script"]?.scalar)
        let index = try #require(script.text.firstIndex(of: "{"))
        #expect(script.location(of: index) == Place(file: "f.yaml", line: 6, column: 11))
        #expect(script.location(of: script.text.startIndex) == Place(file: "f.yaml", line: 4, column: 9))
    }

    @Test("merge keys and anchors are worked out, explicit keys win")
    func merges() throws {
        let text = "base: &b {a: 1, c: {d: 2}}\nmore: &m {a: 5, e: 6}\nx: {<<: *b, a: 3}\ny: {<<: [*m, *b]}\nz: *b\n"
        let value = try read(text).value.mappingValue
        #expect(value?["x"] == ["a": 3, "c": ["d": 2]])
        #expect(value?["y"] == ["a": 5, "e": 6, "c": ["d": 2]])
        #expect(value?["z"] == ["a": 1, "c": ["d": 2]])
    }

    @Test(
        "tags",
        arguments: [
            ("!!str 12", "12"), ("!unsafe \"{{ x }}\"", "{% raw %}{{ x }}{% endraw %}"), ("!unsafe 5", 5),
            ("!!int \"12\"", 12), ("!!float 3", 3.0),
            ("!vault abc", .vaulted("abc")), ("'12'", "12"),
        ] as [(String, VariableValue)])
    func tags(_ text: String, _ value: VariableValue) throws { #expect(try read("a: \(text)").value == ["a": value]) }

    static let mistakes: [(String, String)] = [
        (
            "a: 1\na: 2",
            "f.yaml:2:1: key \"a\" stands twice in one mapping: found the first on line 1; remove one of them"
        ),
        ("x:\n  b: 1\n  c: {}\n  \"b\": 2", "f.yaml:4:3: key \"b\" stands twice"),
        ("a: b: c", "f.yaml:1:5: not valid YAML: mapping values are not allowed in this context"),
        ("a:\n\tb: 1", "indent with spaces; YAML forbids tabs"),
        ("a: {{ x }}", "f.yaml:1:5: a key must be text: found a mapping; a value that begins with {{ needs quotes"),
        ("a: {{ x }}/y", "a value that begins with {{ needs quotes"), ("a: [1, 2", "f.yaml:"),
        ("a: 'open", "found unexpected end of stream"),
        ("a: *b", "found undefined alias"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document begins here: expected one document a file"),
        ("a: !custom 1", "f.yaml:1:4: unknown tag !custom"),
        ("a: {<<: 5}", "<< needs a mapping or a list of mappings: found \"5\""),
    ]

    @Test("mistakes have places", arguments: mistakes)
    func mistake(_ text: String, _ message: String) {
        let error = #expect(throws: Diagnostics.self) { try read(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test(
        "a message shows the name of a broken line, never its value",
        arguments: ["p: hunter2: x", "p: 'hunter2\n\n hunter2"])
    func noValues(_ text: String) {
        let error = #expect(throws: Diagnostics.self) { try read(text) }
        #expect(error.map { !$0.description.contains("hunter2") } == true, "\(error?.description ?? "")")
    }

    @Test("deep nesting ends in an answer, not in a crash", arguments: [("[", "]"), ("{a: ", "}"), ("- ", "x")])
    func depth(_ opening: String, _ closing: String) {
        let text = String(repeating: opening, count: 3000) + String(repeating: closing, count: 3000)
        let value = try? read(text)
        #expect(value?.isNull != true)
    }

    @Test("aliases of aliases do not fill the memory")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let error = #expect(throws: Diagnostics.self) { try read(text) }
        #expect(error?.description.contains("unfolds to more than 1000000 values") == true)
    }
}
