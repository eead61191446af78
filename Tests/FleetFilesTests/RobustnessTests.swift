import FleetExpressions
import FleetFiles
import FleetModel
import Foundation
import Testing

/// Broken text must end in a diagnostic or a value, never in a trap.
@Suite("Broken text")
struct RobustnessTests {
    /// A small generator with a seed, so that a failure can be played again.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static let fragments = [
        "[", "]", "{", "}", "{{", "}}", ":", "=", "\n", "  ", "\"", "'", "#", "web", "node[1:3]", "[01:3]", "children",
        "vars", "&a", "*a", "<<",
        "-", "1", "0x", "1:99999999999999999999", "true", "|", "quote", ".", "!vault", "\\", "\t", "é", "\u{0}", "$(",
        "`", "<<EOF", "hosts", "all", "%}", "{%",
    ]

    private func text(_ seed: UInt64) -> String {
        var generator = Seeded(state: seed)
        let count = Int.random(in: 1...40, using: &generator)
        return (0..<count).compactMap { _ in Self.fragments.randomElement(using: &generator) }.joined()
    }

    /// A file that unfolds to more than any memory holds, or nests deeper than any stack, and what is said of it.
    struct Bomb: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var file = "h.yml"
        var text: String
        var message: String
    }

    /// Each line holds ten times what the one before does.
    private static func aliases(_ first: String, _ next: (Int) -> String) -> String {
        (1...30).reduce("a0: &a0 \(first)\n") { $0 + "a\($1): &a\($1) \(next($1 - 1))\n" }
    }

    private static func ten(_ text: String) -> String { Array(repeating: text, count: 10).joined(separator: ", ") }

    static let bombs = [
        Bomb(
            testDescription: "aliases of aliases", text: aliases("[x, x]") { line in "[\(ten("*a\(line)"))]" },
            message: "the file unfolds to more than 1000000 values"),
        Bomb(
            testDescription: "an alias of aliases as a key",
            text: aliases("[x, x]") { line in "[\(ten("*a\(line)"))]" } + "? *a30\n: 1\n",
            message: "h.yml:32:3: a key must be text"),
        Bomb(
            testDescription: "a list of aliases of aliases as a key",
            text: aliases("[x, x]") { line in "[\(ten("*a\(line)"))]" } + "a31: {[*a30]: 1}\n",
            message: "h.yml:32:7: a key must be text"),
        Bomb(
            testDescription: "an alias as a key between returns that are line breaks to YAML alone",
            text: aliases("[x, x]") { line in "[\(ten("*a\(line)"))]" } + "a31: 1\r*a30 : 1\r",
            message: ":1: a key must be text"),
        Bomb(
            testDescription: "lists in lists", text: String(repeating: "[", count: 100_000),
            message: "not valid YAML: Maximum nesting level reached"),
        Bomb(
            testDescription: "dashes in dashes", text: String(repeating: "- ", count: 100_000) + "x",
            message: "not valid YAML: Maximum nesting level reached"),
        Bomb(
            testDescription: "a range without end", file: "h.ini", text: "node[1:1000000000].example\n",
            message: "h.ini:1:1: the range unfolds to more than 100000 hosts"),
        Bomb(
            testDescription: "many ranges", file: "h.ini",
            text: (0..<50).map { "n\($0)-[1:90000]\n" }.joined(),
            message: "h.ini:3:1: the inventory unfolds to more than 200000 hosts"),
        Bomb(
            testDescription: "ranges in one name", file: "h.ini",
            text: "x\(String(repeating: "[1:1]", count: 50_000))\n",
            message: "h.ini:1:1: a name with more than 16 ranges"),
        Bomb(
            testDescription: "groups below groups", file: "h.ini",
            text: (0..<600).reversed().map { "[g\($0):children]\ng\($0 + 1)\n" }.joined() + "[g600]\nweb\n",
            message: "lies below more than 500 groups"),
    ]

    @Test("what unfolds without end is refused, with its place", arguments: bombs)
    func bomb(_ bomb: Bomb) throws {
        let failure = #expect(throws: Diagnostics.self) {
            try InventoryReader(tree: MemoryFileTree([bomb.file: bomb.text])).read([bomb.file])
        }
        #expect(failure?.all.contains { $0.description.contains(bomb.message) } == true, "\(failure?.all.first as Any)")
    }

    @Test("files with a byte order mark and the line breaks of Windows read as others do")
    func windows() throws {
        let files = [
            "h.ini": "[web]\nweb-[1:2] zone=a note='x y'\n\n[web:vars]\nsize=3\n",
            "h.yml":
                "web:\n  hosts:\n    web-[1:2]: {zone: a}\n  vars:\n    text: |\n      one\n      two\n    size: 3\n",
        ]
        for (name, text) in files {
            let other = "\u{FEFF}" + text.replacingOccurrences(of: "\n", with: "\r\n")
            let plain = try InventoryReader(tree: MemoryFileTree([name: text])).read([name]).inventory
            #expect(try InventoryReader(tree: MemoryFileTree([name: other])).read([name]).inventory == plain, "\(name)")
            #expect(plain.hosts.map(\.name) == ["web-1", "web-2"])
        }
        let playbook =
            "name: x\nhosts: all\nsteps:\n  - run: {name: a, script: \"echo\"}\n  - run:\n      name: b\n      script: |\n        one\n        two\n"
        let steps = try [playbook, playbook.replacingOccurrences(of: "\n", with: "\r\n")].map {
            try PlaybookDocument(yaml: $0, file: "p").steps
        }
        #expect(steps[0].count == 2 && steps[0] == steps[1])
    }

    @Test("many honest aliases are followed, also as keys of few")
    func honestAliases() throws {
        let hosts = (1...40).map { "    web\($0): {<<: *common, n: \($0)}\n" }.joined()
        let text = "all:\n  vars: {x: &common {a: 1, b: 5 * 3}}\n  hosts:\n\(hosts)"
        let inventory = try InventoryReader(tree: MemoryFileTree(["h.yml": text])).read(["h.yml"]).inventory
        #expect(inventory.hosts.count == 40)
        #expect(inventory.hosts.allSatisfy { $0.variables.own["a"] == 1 && $0.variables.own["b"] == "5 * 3" })
        let key = try YAMLReader.read("a: &a word\n*a : 1\n", file: "x")
        #expect(key.mapping?.entry("word") != nil)
    }

    @Test("inventories, playbooks, patterns, expressions and scripts", arguments: [UInt64(1), 2, 3, 4])
    func anything(_ round: UInt64) {
        var outcomes = 0
        for seed in (round * 1000)..<(round * 1000 + 400) {
            let text = text(seed)
            let scalar = LocatedScalar(text: text, value: .string(text), textLocation: Place(file: "x"))
            for name in ["h", "h.yml", "h.ini"] {
                let document = try? InventoryReader(tree: MemoryFileTree([name: text])).read([name])
                if let inventory = document?.inventory {
                    #expect(!inventory.listJSON.isEmpty)
                    _ = try? HostPattern(text, at: Place(file: "x")).hosts(in: inventory)
                }
            }
            outcomes += (try? PlaybookDocument(yaml: text, file: "p")) == nil ? 1 : 0
            _ = try? Template(parsing: scalar).value(in: VariableScope(["web": [1, 2], "hosts": "x"]))
            _ = try? ShellTemplate(parsing: scalar).script(in: VariableScope(["web": "a", "hosts": "b"]))
        }
        #expect(outcomes == 400)
    }
}
