import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun
import Foundation
import Testing

/// The manual's examples of steps are what this version understands, and none is missing.
@Suite struct StepsDocumentTests {
    private static var manual: String {
        get throws {
            try String(contentsOf: documentation.appendingPathComponent("Steps.md"), encoding: .utf8)
        }
    }

    private static var documentation: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/FleetCommands/Documentation.docc")
    }

    /// The lines of the yaml blocks.
    static var examples: [Substring] {
        get throws {
            var lines: [Substring] = []
            var isInside = false
            for line in try manual.split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("```") { isInside = line == "```yaml" } else if isInside { lines.append(line) }
            }
            return lines
        }
    }

    @Test("every example is read without a mistake")
    func examplesAreRead() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let text = "name: manual\nhosts: all\nsteps:\n" + (try Self.examples.map { "  \($0)\n" }.joined())
        let playbook = try folder.write(text, to: "manual.yaml")
        // The files that examples upload are the reader's own.
        for match in text.matches(of: /(file|template|directory): ([a-z]+\/[a-z]+)/) {
            let isFile = match.1 != "directory"
            let place = isFile ? String(match.2.prefix { $0 != "/" }) : String(match.2)
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(place)", withIntermediateDirectories: true)
            _ = try folder.write("", to: isFile ? String(match.2) : "\(match.2)/one")
        }
        let result = try await FleetBinary(directory: folder.path).run("playbook", "check", playbook)
        #expect(result.status == 0, "\(result.error)")
    }

    @Test("every kind of step has an example")
    func everyKind() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let playbook = try folder.write("name: none\nhosts: all\nsteps: [{no_such_step: }]\n", to: "none.yaml")
        let result = try await FleetBinary(directory: folder.path).run("playbook", "check", playbook)
        let list = try #require(result.error.firstMatch(of: /expected one of ([a-z_, ]+)/)?.1)
        let kinds = list.split(separator: ", ").map { String($0.trimmingCharacters(in: .whitespaces)) }
        #expect(kinds.count > 20)
        let shown = try Self.examples.compactMap { $0.firstMatch(of: /^(?:- |  )([a-z_]+):/).map { String($0.1) } }
        #expect(Set(kinds).subtracting(shown) == [])
    }

    @Test("every playbook of the page about windows, waves and health is read without a mistake")
    func pageOfRuns() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let page = try String(
            contentsOf: Self.documentation.appendingPathComponent("Runs.md"), encoding: .utf8)
        let playbooks = page.split(separator: "```yaml\n").dropFirst().map { $0.prefix { $0 != "`" } }
        for (index, text) in playbooks.enumerated() {
            let file = try folder.write(String(text), to: "page-\(index).yaml")
            let result = try await FleetBinary(directory: folder.path).run("playbook", "check", file)
            #expect(result.status == 0, "\(text)\(result.error)")
        }
        for key in [
            "window:", "windows:", "at_end:", "blackout:", "max_failures:", "health:", "notify:", "rules:", "order:",
            "stuck:",
            "downtime:", "max_unavailable_per_pool:", "min_available:", "max_surge:", "max_surge_per_zone:",
            "max_surge_per_pool:", "starts_per_minute:",
        ] {
            #expect(playbooks.contains { $0.contains(key) }, "\(key)")
        }
    }

    @Test("the example of a provider lists, makes each host once, and gives back what is deleted (R3)")
    func providerScript() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let manual = try Self.manual
        let block = try #require(manual.components(separatedBy: "```sh\n").dropFirst().first)
        _ = try folder.write(try #require(block.components(separatedBy: "```").first), to: "hosts.sh")
        _ = try folder.write("10.0.7.11 web-02\n10.0.7.12 -\n", to: "machines")
        func call(_ action: String, _ hosts: String = "") async throws -> String {
            try await FleetBinary.tool(
                "sh", "-c", #"cd "$1" && printf '%s' "$2" | sh ./hosts.sh "$3""#, "sh", folder.path,
                "{\"action\":\"\(action)\",\"hosts\":[\(hosts)]}", action)
        }
        let old = #"{"name": "web-02", "address": "10.0.7.11"}"#
        let new = #"{"name": "web-02-r1", "address": "10.0.7.12"}"#
        let wanted = #"{"name":"web-02-r1","zone":"eu-1a","replaces":"web-02"}"#
        #expect(try await call("list") == "{\"hosts\": [\(old)]}\n")
        for _ in 1...2 { #expect(try await call("create", wanted) == "{\"hosts\": [\(old), \(new)]}\n") }
        #expect(try await call("delete", #"{"name":"web-02"}"#) == "")
        #expect(try await call("list") == "{\"hosts\": [\(new)]}\n")
    }

    @Test("every playbook that is shipped is read without a mistake")
    func shippedPlaybooks() async throws {
        let folder = URL(fileURLWithPath: HostWorld.shipped("decommission")).deletingLastPathComponent()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(names.count >= 5)
        for name in names {
            let path = folder.appendingPathComponent(name).path
            let result = try await FleetBinary(directory: folder.path).run("playbook", "check", path)
            #expect(result.status == 0, "\(name): \(result.error)")
        }
    }

    @Test("the table of what each kind declares says what the kinds declare")
    func declarations() throws {
        let text = "name: manual\nhosts: all\nsteps:\n" + (try Self.examples.map { "  \($0)\n" }.joined())
        let steps = try StepCatalogue.decode(try PlaybookDocument(yaml: text, file: "manual.yaml").steps)
        let rows = Self.rows(of: try Self.manual, under: "## What each kind declares")
        #expect(
            rows.map { Self.ticked($0[0]) } == StepCatalogue.kinds.map { [$0.kind] },
            "every kind, in the manual's order")
        for row in rows where row.count == 7 {
            let kind = Self.ticked(row[0]).first ?? ""
            let examples = steps.filter { $0.kind == kind }.map(\.step)
            let repeatable = examples.map { $0.traits.contains(.repeatable) }
            #expect(row[1].hasPrefix(repeatable.contains(false) ? "where it says" : "yes"), "\(kind): \(row[1])")
            let isRetriable = examples.contains { $0.traits.contains(.retriable) }
            #expect(row[2].hasPrefix("yes") == isRetriable, "\(kind): \(row[2])")
            let usual = examples.first.map { type(of: $0).usualRetries.count } ?? 0
            #expect(row[2].hasSuffix("twice by itself") == (usual == 2), "\(kind): \(row[2])")
            #expect(!row[3].isEmpty && row[3] != "–", "\(kind)")
            let onlyLooks = examples.allSatisfy { $0.traits.contains(.onlyLooks) }
            #expect((row[4] == "nothing") == onlyLooks, "\(kind): \(row[4])")
            for change in Set(examples.flatMap { $0.temporary }) {
                let words: [Compensation.Kind: String] = [
                    .replicas: "replicas", .minimumReplicas: "minimum", .nodeLabel: "label", .nodeTaint: "taint",
                    .budget: "budget",
                ]
                #expect(row[5].contains(words[change] ?? "?"), "\(kind): \(row[5])")
            }
            #expect(Set(Self.ticked(row[6])) == Set(examples.flatMap { $0.access }.map { $0.description }), "\(kind)")
        }
        #expect(rows.allSatisfy { $0.count == 7 })
    }

    @Test("every row of the procedures is there, and each command, option, kind, key and playbook that it names exists")
    func procedures() async throws {
        let page = try String(
            contentsOf: Self.documentation.appendingPathComponent("Procedures.md"), encoding: .utf8)
        let rows = Self.rows(of: page, under: "## Taking a node out").filter { $0.count == 5 }
        let wanted =
            (1...16).map { "D\($0)" } + (1...14).map { "E\($0)" } + (1...5).map { "R\($0)" } + (1...4).map { "X\($0)" }
        #expect(rows.map { $0[0] } == wanted)
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let fleet = FleetBinary(directory: folder.path)
        let schema = try await fleet.run("schema", "playbook").output
        let kinds = Set(StepCatalogue.kinds.map { $0.kind })
        for command in Set(rows.flatMap { Self.ticked($0[2]) }) {
            let words = command.split(separator: " ").map(String.init)
            try #require(words.count >= 2 && words[0] == "fleet", "\(command)")
            let help = try await fleet.run("help", words[1])
            #expect(help.status == 0 && help.output.contains("USAGE: fleet \(words[1])"), "\(command)\(help.error)")
            for word in words.dropFirst(2) {
                if word.hasPrefix("--") {
                    #expect(help.output.contains(word), "\(command)")
                } else {
                    #expect(FileManager.default.fileExists(atPath: HostWorld.shipped(word)), "\(command)")
                }
            }
        }
        for row in rows {
            #expect(!row[2].isEmpty || !row[3].isEmpty, "\(row[0])")
            #expect(Set(Self.ticked(row[3])).subtracting(kinds) == [], "\(row[0])")
            for key in Self.ticked(row[4]).flatMap({ $0.split(separator: ".") }) {
                #expect(schema.contains("\"\(key)\""), "\(row[0]): \(key)")
            }
        }
    }

    /// The cells of the tables that follow a heading, without their heads; to the next rule-less line of the page's end.
    private static func rows(of page: String, under heading: String) -> [[String]] {
        guard let start = page.range(of: heading) else { return [] }
        return page[start.upperBound...].split(separator: "\n").filter {
            $0.hasPrefix("| ") && !$0.contains(" Step kinds |")
        }
        .map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }.filter { $0.first != "Kind" }
    }

    /// What stands between backticks.
    private static func ticked(_ cell: String) -> [String] {
        cell.matches(of: /`([^`]+)`/).map { String($0.1) }
    }
}
