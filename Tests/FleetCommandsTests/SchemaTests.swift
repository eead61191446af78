import FleetExpressions
import FleetFiles
import FleetModel
import FleetRun
import Foundation
import Testing

@testable import FleetCommands

/// `fleet schema`: what is shipped fits, what is wrong does not, and the schema knows what the reader knows.
@Suite("fleet schema")
struct SchemaTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func check(_ subject: SchemaCommand.Subject) throws -> SchemaCheck {
        SchemaCheck(root: try #require(FileSchema.document(of: subject).mappingValue))
    }

    private static func value(_ text: String) throws -> VariableValue {
        try YAMLReader.read(text, file: "x.yaml").value
    }

    private static func files(in folder: String) throws -> [URL] {
        let all = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
        return all.filter { $0.hasSuffix(".yaml") }.sorted().map { root.appendingPathComponent("\(folder)/\($0)") }
    }

    @Test("every playbook that is shipped fits, and so does every example of the manual")
    func playbooks() throws {
        let check = try Self.check(.playbook)
        let files = try Self.files(in: "playbooks")
        #expect(files.count >= 6)
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            // Files that are included hold a list of steps.
            let value = try Self.value(text.contains("\nsteps:") ? text : "name: x\nhosts: x\nsteps: \n" + text)
            #expect(check.mistakes(value) == [], "\(file.lastPathComponent)")
        }
        let manual =
            "name: manual\nhosts: all\nsteps:\n" + (try StepsDocumentTests.examples.map { "  \($0)\n" }.joined())
        #expect(check.mistakes(try Self.value(manual)) == [])
        let health = """
            name: x
            hosts: all
            steps: [cordon]
            health:
              - ready_nodes
              - pending_pods: {more: 2}
              - command: {run: ./smoke-test, within: 10m}
              - http: https://shop.example/healthz
              - prometheus: {url: "http://prometheus:9090", query: up, max_increase: 20%, name: up}
            notify:
              - http: https://hooks.example/T0123
              - command: {run: ./page, on: [blocked, quarantined]}
            """
        #expect(check.mistakes(try Self.value(health)) == [])
    }

    @Test("inventories and defaults fit")
    func others() throws {
        let inventory = try Self.check(.inventory)
        for name in ["inventories/example/hosts.yaml", "inventories/demo/hosts.yaml"] {
            let text = try String(contentsOf: Self.root.appendingPathComponent(name), encoding: .utf8)
            #expect(inventory.mistakes(try Self.value(text)) == [], "\(name)")
        }
        let config = try Self.check(.config)
        let text = "inventory: [a, b]\nkubeconfig: ~/x\ncontext: c\nstate: s\nuser: u\nprivate_key: k\nknown_hosts: h\n"
        #expect(config.mistakes(try Self.value(text)) == [])
        #expect(config.mistakes(try Self.value("limit: all")) == ["$: no key limit"])
    }

    static let broken: [(String, String)] = [
        ("hosts: all\nsteps: [cordon]", "$: needs name"),
        ("name: x\nhosts: all\nsteps: []\nwave: {}", "$: no key wave"),
        ("name: x\nhosts: all\nsteps: [cordn]", "$.steps[0]: not one of"),
        ("name: x\nhosts: all\nsteps: [{drian: }]", "$.steps[0]"),
        ("name: x\nhosts: all\nsteps: [{cordon: , drain: }]", "$.steps[0]: not exactly one"),
        ("name: x\nhosts: all\nsteps: [{drain: {timeout: 1m}}]", "no key timeout"),
        ("name: x\nhosts: all\nsteps: [{service: {state: started}}]", "needs name"),
        ("name: x\nhosts: all\nsteps: [{service: {name: a, state: runing}}]", "not one of"),
        ("name: x\nhosts: all\nsteps: [{soak: soon}]", "does not match"),
        ("name: x\nhosts: all\nsteps: [run]", "$.steps[0]"),
        ("name: x\nhosts: all\nsteps: [cordon]\nwaves: {parallelism: 0}", "beyond minimum"),
        ("name: x\nhosts: all\nsteps: [cordon]\nwaves: {order: random}", "not one of"),
        ("name: x\nhosts: all\nsteps: [cordon]\nevictions: {rate: fast}", "does not match"),
        ("name: x\nhosts: all\nsteps: [cordon]\nevictions: {rules: [{action: evict}]}", "needs selector"),
        ("name: x\nhosts: all\nsteps: [cordon]\nwindow: {from: soon, to: \"05:00\"}", "does not match"),
        ("name: x\nhosts: all\nsteps: [cordon]\npreflight: [api_acess]", "not one of"),
        ("name: x\nhosts: all\nsteps: [cordon]\nhealth: [ready_node]", "not one of"),
        ("name: x\nhosts: all\nsteps: [cordon]\nhealth: [{prometheus: {query: up}}]", "needs url"),
        ("name: x\nhosts: all\nsteps: [cordon]\nnotify: [{mail: ops}]", "no key mail"),
        ("name: x\nhosts: all\nsteps: [cordon]\nrequire_limit: perhaps", "not boolean"),
    ]

    @Test("what is wrong in a playbook breaks the schema, in its place", arguments: broken)
    func breaks(_ text: String, _ message: String) throws {
        let mistakes = try Self.check(.playbook).mistakes(try Self.value(text)).joined(separator: "\n")
        #expect(
            mistakes.replacingOccurrences(of: "string(\"boolean\")", with: "boolean").contains(message), "\(mistakes)")
    }

    static let brokenInventories: [(String, String)] = [
        ("all: {hots: {}}", "no key hots"), ("all: {hosts: {a: {ansible_port: 70000}}}", "$.all.hosts.a.ansible_port"),
        ("all: {hosts: {a: {taints: [\"x=y\"]}}}", "$.all.hosts.a.taints"), ("all: {hosts: [a]}", "$.all.hosts"),
        ("all: {vars: {labels: [a]}}", "$.all.vars.labels"),
    ]

    @Test("what is wrong in an inventory breaks the schema", arguments: brokenInventories)
    func breaksInventory(_ text: String, _ message: String) throws {
        let mistakes = try Self.check(.inventory).mistakes(try Self.value(text)).joined(separator: "\n")
        #expect(mistakes.contains(message), "\(mistakes)")
    }

    @Test("every kind of step is described, and the schema is printed as JSON")
    func printed() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let result = try await FleetBinary(directory: folder.path).run("schema", "playbook")
        #expect(result.status == 0, "\(result.error)")
        let printed = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(printed?["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        #expect(VariableJSON.value(of: result.output) == FileSchema.document(of: .playbook))
        let step = try #require(FileSchema.document(of: .playbook).mappingValue?["$defs"]?.mappingValue?["step"])
        let kinds = try #require(
            step.mappingValue?["anyOf"]?.listValue?.first?.mappingValue?["properties"]?.mappingValue)
        for type in StepCatalogue.kinds {
            let description = kinds[type.kind]?.mappingValue?["description"]?.stringValue
            #expect(description == type.purpose && type.purpose.hasSuffix("."), "\(type.kind)")
        }
        #expect(try await FleetBinary(directory: folder.path).run("schema", "nothing").status == 64)
    }
}
