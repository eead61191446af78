import Testing

/// What source files must not do, with the files that may.
struct HabitTests {
    /// A pattern, why it is held back, and the paths where it belongs.
    struct Rule: Sendable, CustomTestStringConvertible {
        let name: String
        /// A line without any of these cannot match; looking for them first is what makes the test quick.
        let needles: [String]
        let pattern: String
        let reason: String
        var allowed: [String] = []

        var testDescription: String { name }
    }

    static let rules: [Rule] = [
        Rule(
            name: "Date()", needles: ["Date()", "Date.now"], pattern: #"\bDate\(\)|\bDate\.now\b"#,
            reason: "time comes from RuntimeClock, so that it can be moved",
            allowed: ["FleetCommands/", "FleetKubernetes/", "FleetSimulationServer/", "FleetSSH/"]
        ),
        Rule(
            name: "Task.sleep", needles: ["Task.sleep"], pattern: #"\bTask\.sleep\b"#,
            reason: "waiting belongs to clocks and observations",
            allowed: ["FleetKubernetes/", "FleetSimulationServer/", "FleetCommands/", "FleetSSH/"]
        ),
        Rule(
            name: "print", needles: ["print("], pattern: #"(^|[^\w.)])print\("#, reason: "everything is said by Output",
            allowed: ["FleetCommands/Run/RunPrinter.swift"]
        ),
        Rule(
            name: "FIXME and TODO", needles: ["FIXME", "TODO", "XXX", "HACK"], pattern: #"\b(FIXME|TODO|XXX|HACK)\b"#,
            reason: "do it, or file an issue"
        ),
        Rule(name: "try!", needles: ["try!"], pattern: #"\btry!"#, reason: "errors are told, not trapped"),
        Rule(
            name: "force unwraps", needles: ["!"], pattern: #"[\w\)\]]!(?=[\s.,)\]\[;:?]|$)"#,
            reason: "say what holds instead"
        ),
        Rule(
            name: "@unchecked Sendable", needles: ["@unchecked"], pattern: #"@unchecked\s+Sendable"#,
            reason: "prove it, or use NIOLockedValueBox", allowed: ["FleetSSH/"]
        ),
        Rule(
            name: "Synchronization.Mutex", needles: ["Mutex"], pattern: #"\bMutex[<(]"#,
            reason: "Thread Sanitizer cannot see into it, it can into NIOLockedValueBox"
        ),
    ]

    @Test("sources keep to the habits", arguments: rules)
    func habits(rule: Rule) throws {
        let pattern = try Regex(rule.pattern)
        for file in try Repository.sources() where !rule.allowed.contains(where: { file.path.contains($0) }) {
            for (number, line) in file.code(containing: rule.needles) where line.contains(pattern) {
                Issue.record("\(file.path):\(number): \(rule.name): \(rule.reason): \(line.trimmingPrefix(" "))")
            }
        }
    }

    @Test("tests, inventories, playbooks and documents name no path of one machine, and leave nothing to do")
    func otherFiles() throws {
        let texts = try ["Tests", "inventories", "playbooks", "Sources"].flatMap {
            try Repository.files(below: $0, ["swift", "yaml", "yml", "ini", "md", "sh"])
        }
        let roots = try ["README.md", "CONTRIBUTING.md", "Makefile", ".ci/run", "Package.swift"].map(Repository.file)
        let needles = ["/root/", "/Users/", "FIXME"]
        // A path of the machine stands at a word's beginning; "$1/root/var" is a path inside a sandbox.
        let pattern = try Regex(#"(^|[\s"'=(:\[])/(root|Users)/\w|\bFIXME\b"#)
        for file in texts + roots where !file.path.hasSuffix("TidyTests/HabitTests.swift") {
            guard needles.contains(where: file.text.contains) else { continue }
            for (number, line) in file.lines.enumerated() where needles.contains(where: line.contains) {
                guard line.contains(pattern) else { continue }
                Issue.record("\(file.path):\(number + 1): \(line.trimmingPrefix(" "))")
            }
        }
    }

    @Test("a file begins with an import, a declaration or a comment, and ends with one line feed")
    func frames() throws {
        for file in try Repository.sources() {
            let first = file.lines.first ?? ""
            if first.isEmpty || first.hasPrefix("//  ") { Issue.record("\(file.path): no header, no empty first line") }
            let isEnded = file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n")
            if !isEnded { Issue.record("\(file.path): one line feed at the end") }
            if file.text.contains(" \n") { Issue.record("\(file.path): blanks at a line's end") }
        }
    }

    @Test("the patterns find what they should, and nothing else")
    func patterns() throws {
        let unwrap = try #require(Self.rules.first { $0.name == "force unwraps" }).pattern
        let regex = try Regex(unwrap)
        for bad in ["a!.b", "let x = f()!", "list[0]!", "g(a!, b)"] { #expect(bad.contains(regex), "\(bad)") }
        for good in ["a != b", "!isEmpty", "if !a", "x = !y", "a !== b"] { #expect(!good.contains(regex), "\(good)") }
        let printing = try Regex(try #require(Self.rules.first { $0.name == "print" }).pattern)
        #expect("    print(\"x\")".contains(printing))
        #expect(!"printer.print($0)".contains(printing))
        #expect(!"blueprint(x)".contains(printing))
    }
}

extension Repository.File {
    /// The lines that hold one of the needles, numbered from 1, without comments and the contents of string literals.
    func code(containing needles: [String]) -> [(number: Int, line: String)] {
        guard needles.contains(where: text.contains) else { return [] }
        var isInText = false
        var found: [(Int, String)] = []
        for (number, line) in lines.enumerated() {
            let isDelimiter = line.contains("\"\"\"")
            defer { if isDelimiter { isInText.toggle() } }
            guard !isInText, !isDelimiter, needles.contains(where: line.contains) else { continue }
            found.append((number + 1, Self.stripped(line)))
        }
        return found
    }

    private static func stripped(_ line: Substring) -> String {
        var result = ""
        var isInString = false
        var previous: Character = " "
        for character in line {
            if character == "\"", previous != "\\" { isInString.toggle() }
            if !isInString, character == "/", previous == "/" {
                result.removeLast()
                break
            }
            if !isInString { result.append(character) }
            previous = previous == "\\" && character == "\\" ? " " : character
        }
        return result
    }
}
