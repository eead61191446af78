import FleetModel
import FleetPorts
import Testing

@testable import FleetJournal

/// Safety rule 24.
@Suite struct PinTests {
    private let temporary = TemporaryJournal()

    @Test func `A pinned plan stays until it is dropped`() async throws {
        let journal = try temporary.open()
        try await journal.pin(TemporaryJournal.plan("aaaa"))
        try await journal.pin(TemporaryJournal.plan("aaaa", at: 9))
        let pinned = try await journal.plan(cluster: "c", playbook: "decommission", name: "decommission")
        #expect(pinned == TemporaryJournal.plan("aaaa"))
        let refused = await failure { try await journal.pin(TemporaryJournal.plan("bbbb")) }
        #expect(refused?.code == .locked)
        #expect(refused?.message.contains("--repin") == true)
        try await journal.drop(cluster: "c", playbook: "decommission", name: "decommission")
        try await journal.drop(cluster: "c", playbook: "decommission", name: "decommission")
        try await journal.pin(TemporaryJournal.plan("bbbb"))
        let again = try await journal.plan(cluster: "c", playbook: "decommission", name: "decommission")
        #expect(again?.digest == "bbbb")
    }

    @Test func `Names and clusters keep plans apart, the newest first`() async throws {
        let journal = try temporary.open()
        try await journal.pin(TemporaryJournal.plan("aaaa", name: "east", at: 1))
        try await journal.pin(TemporaryJournal.plan("bbbb", name: "west", at: 2))
        var other = TemporaryJournal.plan("cccc", name: "east", at: 3)
        other.cluster = "c2"
        try await journal.pin(other)
        let plans = try await journal.plans()
        #expect(plans.map(\.digest) == ["cccc", "bbbb", "aaaa"])
        let missing = try await journal.plan(cluster: "c2", playbook: "decommission", name: "west")
        #expect(missing == nil)
    }
}
