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
        for match in text.matches(of: /(file|directory): ([a-z]+\/[a-z]+)/) {
            let isFile = match.1 == "file"
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
        for key in ["window:", "windows:", "at_end:", "blackout:", "max_failures:", "health:", "notify:"] {
            #expect(playbooks.contains { $0.contains(key) }, "\(key)")
        }
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
}
