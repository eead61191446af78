import ArgumentParser
import FleetModel
import FleetRun
import Foundation
import Testing

@testable import FleetCommands

/// What a run keeps of its options, and what is taken from that when it is gone on with.
struct InvocationTests {
    private func source(_ inventory: [String] = [], _ cluster: [String] = [], _ hosts: [String] = []) throws
        -> PlanSource
    {
        PlanSource(
            playbook: "p.yaml", planName: nil, inventory: try InventoryOptions.parse(inventory),
            cluster: try ClusterOptions.parse(cluster), state: try StateOptions.parse([]),
            hosts: try HostOptions.parse(hosts))
    }

    private var begun: RunEvent.Invocation {
        var begun = RunEvent.Invocation(
            playbook: "/srv/p.yaml", inventories: ["/srv/hosts"], extraVariables: ["release"])
        (begun.kubeconfig, begun.context, begun.user) = ("/srv/kubeconfig", "blue", "ops")
        return begun
    }

    @Test("paths are kept absolute, and of extra variables the names only")
    func kept() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var source = try source(
            ["-i", "hosts", "-e", "token=secret", "-l", "all"], ["--kubeconfig", "k", "--context", "c"],
            ["--private-key", "/keys/id", "--ssh-config", "none"])
        source.playbook = try folder.write("name: p\n", to: "p.yaml")
        let here = FileManager.default.currentDirectoryPath
        var expected = RunEvent.Invocation(
            playbook: source.playbook, inventories: ["\(here)/hosts"], extraVariables: ["token"])
        (expected.kubeconfig, expected.context) = ("\(here)/k", "c")
        (expected.privateKey, expected.sshConfig) = ("/keys/id", "none")
        #expect(try source.invocation() == expected)
    }

    @Test("what is not said is taken from the run, what is said stands")
    func completed() throws {
        var silent = try source(["-e", "release=2"])
        try silent.complete(with: begun, of: "r-1", isPlaybookGiven: false)
        #expect(silent.playbook == "/srv/p.yaml")
        #expect(silent.inventory.inventories == ["/srv/hosts"])
        #expect(
            [silent.cluster.kubeconfig, silent.cluster.context, silent.hosts.user] == [
                "/srv/kubeconfig", "blue", "ops",
            ])

        var told = try source(["-i", "mine", "-e", "release=2"], ["--kubeconfig", "other"], ["--user", "me"])
        try told.complete(with: begun, of: "r-1", isPlaybookGiven: true)
        #expect(told.playbook == "p.yaml")
        #expect(told.inventory.inventories == ["mine"])
        #expect([told.cluster.kubeconfig, told.cluster.context, told.hosts.user] == ["other", nil, "me"])
    }

    @Test("extra variables have to be given again, by name")
    func extraVariables() throws {
        var source = try source()
        let error = #expect(throws: UsageError.self) {
            try source.complete(with: begun, of: "r-1", isPlaybookGiven: false)
        }
        #expect(error?.hint == "give them again: -e release=…")
    }
}
