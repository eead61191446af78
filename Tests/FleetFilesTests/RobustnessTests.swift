import FleetExpressions
import FleetFiles
import FleetModel
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
