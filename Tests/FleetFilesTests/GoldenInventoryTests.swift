import FleetExpressions
import FleetFiles
import FleetModel
import Foundation
import Testing

/// Every inventory of Fixtures, against what ansible-core answered (`record-fixtures.py`).
@Suite("Ansible's own answers")
struct GoldenInventoryTests {
    struct Case: Decodable, CustomTestStringConvertible {
        var tree: String?
        var sources: [String]
        var patterns: [String]
        var name = ""
        var testDescription: String { name }
        private enum CodingKeys: String, CodingKey { case tree, sources, patterns }
    }

    private struct Golden: Decodable {
        var list: JSONTree
        var graph: String
        var patterns: [String: [String]?]
    }

    static let cases: [Case] = {
        let file = Fixtures.folder.appendingPathComponent("cases.json")
        let cases = (try? JSONDecoder().decode([String: Case].self, from: Data(contentsOf: file))) ?? [:]
        return cases.sorted { $0.key < $1.key }.map { name, value in
            var value = value
            value.name = name
            return value
        }
    }()

    private func golden(_ name: String) throws -> Golden {
        let file = Fixtures.folder.appendingPathComponent("golden/\(name).json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    private func tree(_ item: Case) -> DiskFileTree {
        DiskFileTree(root: Fixtures.folder.appendingPathComponent("inventories/\(item.tree ?? item.name)"))
    }

    private func inventory(_ item: Case) throws -> Inventory {
        try InventoryReader(tree: tree(item)).read(item.sources).inventory
    }

    @Test("at least 25 inventories are recorded")
    func enough() { #expect(Self.cases.count >= 25) }

    @Test("list", arguments: cases)
    func list(_ item: Case) throws {
        let differences = try JSONTree(text: inventory(item).listJSON).differences(from: golden(item.name).list)
        #expect(differences.isEmpty, "\(item.name):\n\(differences.joined(separator: "\n"))")
    }

    @Test("graph", arguments: cases)
    func graph(_ item: Case) throws {
        let (mine, theirs) = (try inventory(item).graph(), try golden(item.name).graph)
        #expect(mine == theirs)
    }

    @Test("patterns", arguments: cases)
    func patterns(_ item: Case) throws {
        let (inventory, golden) = (try inventory(item), try golden(item.name))
        #expect(Set(item.patterns) == Set(golden.patterns.keys))
        for pattern in item.patterns {
            let location = Place(file: "--limit")
            let read = try HostPattern(pattern, at: location, tree: tree(item))
            let expected = (golden.patterns[pattern] ?? nil) ?? []
            let chosen = try read.hosts(in: inventory).map(\.name.rawValue)
            // Ansible walks nested groups through a Python set: below the second level its order changes from run to run.
            #expect(chosen.sorted() == expected.sorted(), "\(item.name): \(pattern)")
        }
    }
}
