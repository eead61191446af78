import FleetExpressions
import FleetFiles
import Testing

@testable import FleetCommands

/// `fleet.yaml` below the environment; the command line is above both.
@Suite struct DefaultsTests {
    private static let file = """
        inventory: [inventories/a, inventories/b]
        kubeconfig: ~/clusters/prod
        context: prod
        user: ops

        """

    private func load(_ text: String?, _ environment: [String: String] = [:]) throws -> Defaults {
        let files = text.map { ["fleet.yaml": $0] } ?? [:]
        return try Defaults.load(files: MemoryFileTree(files), environment: environment)
    }

    @Test func theFileAlone() throws {
        let defaults = try load(Self.file)
        #expect(defaults.inventories == ["inventories/a", "inventories/b"])
        #expect(defaults.kubeconfig == "~/clusters/prod")
        #expect(defaults.context == "prod")
        #expect(defaults.user == "ops")
        #expect(defaults.state == nil)
    }

    @Test func theEnvironmentIsAboveTheFile() throws {
        let environment = ["FLEET_INVENTORY": "x,y", "FLEET_CONTEXT": "test", "FLEET_USER": "", "FLEET_STATE": "/s"]
        let defaults = try load(Self.file, environment)
        #expect(defaults.inventories == ["x", "y"])
        #expect(defaults.context == "test")
        #expect(defaults.user == "ops")
        #expect(defaults.state == "/s")
    }

    @Test func withoutEitherThereIsNone() throws {
        let defaults = try load(nil)
        #expect(defaults.inventories == [])
        #expect(defaults.kubeconfig == nil)
    }

    @Test(
        "a misspelt key is named with its place; a limit is no default", arguments: ["kubeconfg: x\n", "limit: all\n"])
    func mistakes(text: String) throws {
        let error = #expect(throws: Diagnostics.self) { try load(text) }
        #expect(error?.all.first?.location.description == "fleet.yaml:1:1")
    }
}
