import Foundation
import Testing

/// The repository's frame: feature flags, documentation, playbooks' names.
struct FrameTests {
    /// The spellings of `swiftc -print-supported-features`; an unknown name is ignored in silence.
    private static let features: Set<String> = [
        "ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault",
        "InferIsolatedConformances", "ImmutableWeakCaptures",
    ]

    @Test("upcoming features are spelled as the compiler spells them")
    func features() throws {
        let text = try Repository.file("Package.swift").text
        let named = text.matches(of: /enableUpcomingFeature\("(\w+)"\)/).map { String($0.1) }
        #expect(Set(named).isSubset(of: Self.features))
        for feature in [
            "ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault",
        ] {
            #expect(named.contains(feature), "\(feature) is not on")
        }
        #expect(text.contains("treatAllWarnings(as: .error)"))
    }

    @Test("every decision record is linked from the handbook")
    func decisions() throws {
        let folder = "Sources/FleetCommands/Documentation.docc"
        let handbook = try Repository.file("\(folder)/Handbook.md").text
        let records = try Repository.files(below: "\(folder)/Decisions", ["md"])
        #expect(!records.isEmpty)
        for record in records {
            let name = URL(fileURLWithPath: record.path).deletingPathExtension().lastPathComponent
            #expect(name.wholeMatch(of: /\d{4}-[a-z0-9-]+/) != nil, "\(record.path): 0001-in-lower-case.md")
            #expect(handbook.contains("<doc:\(name)>"), "\(record.path) is not linked from Handbook.md")
        }
    }

    @Test("CONTRIBUTING carries the table of imports that the test enforces")
    func contributing() throws {
        let text = try Repository.file("CONTRIBUTING.md").text
        for (target, modules) in ImportTests.table where target != "FleetCommands" && target != "CLibSSH2" {
            let row = text.split(separator: "\n").first { $0.hasPrefix("|") && $0.contains("| `\(target)`") }
            let cells = try #require(row, "no row for \(target)").split(separator: "|")
            let named = Set(
                (cells.last { !$0.allSatisfy(\.isWhitespace) } ?? "").matches(of: /\w+/).map { String($0.0) })
            #expect(modules.isSubset(of: named), "the row of \(target)")
            #expect(named.intersection(ImportTests.table.keys).isSubset(of: modules), "the row of \(target)")
        }
    }

    @Test("a playbook is named as its file")
    func playbooks() throws {
        for file in try Repository.files(below: "playbooks", ["yaml", "yml"]) {
            let name = URL(fileURLWithPath: file.path).deletingPathExtension().lastPathComponent
            #expect(file.text.contains("\nname: \(name)\n") || file.text.hasPrefix("name: \(name)\n"), "\(file.path)")
        }
    }

    @Test("make's targets are explained")
    func makefile() throws {
        let text = try Repository.file("Makefile").text
        let targets = text.matches(of: /(?m)^([a-z][a-z-]*):/).map { String($0.1) }
        #expect(
            Set(targets).isSuperset(of: [
                "help", "build", "test", "demo", "sim", "tsan", "bench", "release", "fmt", "lint", "clean",
            ]))
        for target in targets {
            #expect(text.contains(try Regex("(?m)^\(target):.*## ")), "\(target) has no ## explanation")
        }
    }
}
