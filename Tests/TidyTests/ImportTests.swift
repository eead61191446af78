import Testing

/// Every `import` line against the table of CONTRIBUTING.md: SwiftPM's own check accepts what comes in transitively.
struct ImportTests {
    /// What each target may import of fleet's own: the handbook's table, row by row.
    static let table: [String: Set<String>] = [
        "fleet": ["FleetCommands"],
        "FleetCommands": [
            "FleetRuntime", "FleetRehearsal", "FleetReport", "FleetRun", "FleetKubernetes", "FleetSSH", "FleetLocal",
            "FleetJournal", "FleetSimulationServer", "FleetFiles", "FleetPlanning", "FleetExpressions", "FleetWire",
            "FleetSimulation",
            "FleetPorts", "FleetModel",
        ],
        "FleetRuntime": ["FleetPorts", "FleetRun", "FleetModel"],
        "FleetRehearsal": ["FleetSimulation", "FleetRun", "FleetPlanning", "FleetModel"],
        "FleetReport": ["FleetRun", "FleetPlanning", "FleetModel"],
        "FleetRun": ["FleetPlanning", "FleetExpressions", "FleetModel"],
        "FleetKubernetes": ["FleetPorts", "FleetWire", "FleetModel"],
        "FleetSSH": ["CLibSSH2", "FleetPorts", "FleetModel"],
        "FleetLocal": ["FleetPorts", "FleetModel"],
        "FleetJournal": ["FleetPorts", "FleetModel"],
        "FleetSimulationServer": ["FleetSimulation", "FleetWire", "FleetModel"],
        "FleetFiles": ["FleetExpressions", "FleetModel"],
        "FleetPlanning": ["FleetModel"],
        "FleetExpressions": ["FleetModel"],
        "FleetWire": ["FleetModel"],
        "FleetSimulation": ["FleetModel"],
        "FleetPorts": ["FleetModel"],
        "FleetModel": [],
        "CLibSSH2": [],
    ]

    /// Modules of the toolchain that any target may use; Foundation is held back from the pure core.
    private static let toolchain: Set<String> = ["Swift", "Synchronization", "FoundationEssentials"]
    private static let shell: Set<String> = [
        "Foundation", "FoundationNetworking", "Glibc", "Musl", "Darwin", "Dispatch", "RegexBuilder", "Observation",
    ]
    private static let core: Set<String> = [
        "FleetModel", "FleetPlanning", "FleetRun", "FleetSimulation", "FleetWire", "FleetPorts", "FleetReport",
    ]

    @Test("every import line is in the table")
    func imports() throws {
        let declared = try Manifest.read().externalModules
        for file in try Repository.sources() {
            let own = try #require(Self.table[file.target], "\(file.path): the table has no target \"\(file.target)\"")
            let allowed = own.union(declared[file.target] ?? []).union(Self.toolchain)
                .union(Self.core.contains(file.target) ? [] : Self.shell)
            for (module, line) in file.imports where !allowed.contains(module) {
                Issue.record("\(file.path):\(line): \(file.target) may not import \(module)")
            }
        }
    }

    @Test("Package.swift declares what the table says, and nothing else of fleet's own")
    func manifest() throws {
        let declared = try Manifest.read().ownModules
        for (target, modules) in Self.table {
            #expect(declared[target] == modules, "target \(target)")
        }
        #expect(Set(declared.keys) == Set(Self.table.keys))
    }

    @Test("an import line is recognised in every spelling")
    func spellings() {
        let text =
            "import A\npublic import B\n@testable import C\n@_spi(X) import D\nimport struct E.F\n// import G\nlet importance = 1"
        #expect(Repository.File(path: "x", text: text).imports.map(\.module) == ["A", "B", "C", "D", "E"])
    }
}
