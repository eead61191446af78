import FleetExpressions
import FleetModel
import FleetPlanning
import Testing

@testable import FleetRun

/// Budgets that are adjusted by name are recorded before, set back after, and somebody else's change is respected (D14).
struct AdjustBudgetTests {
    private let start = Instant(seconds: 1_000)
    private let nodes = ["n1", "n2", "s1"].map { Fixture.node(NodeName($0)) }
    private let set = Fixture.replicaSet("web", replicas: 3)

    private var budget: PodDisruptionBudget {
        var budget = Fixture.budget("web", allowed: 0, healthy: 3, desired: 3)
        budget.minAvailable = .count(3)
        return budget
    }

    private var adjusted: PodDisruptionBudget {
        var budget = budget
        budget.set(BudgetBound(.maxUnavailable, .count(1)))
        budget.annotations[Compensation.annotation] = "run=r-test;previous=minAvailable 3;set=maxUnavailable 1"
        budget.generation = 2
        budget.observedGeneration = 2
        budget.disruptionsAllowed = 1
        budget.desiredHealthy = 2
        return budget
    }

    private func order(_ targets: [NodeName]) throws -> RunOrder {
        Fixture.order(
            waves: [targets.map { Fixture.target($0) }],
            steps: try Fixture.steps([
                ("adjust_budget", Fixture.mapping([("budgets", "shop/web")])), ("drain", .null(at: Fixture.place)),
            ]),
            policy: WavePolicy(
                canary: .count(0), maxUnavailable: .percent(100), maxUnavailablePerZone: .count(2), soak: .zero))
    }

    private func world(_ homes: [NodeName], _ budget: PodDisruptionBudget? = nil) -> Observation {
        let pods = homes.enumerated().map { Fixture.pod("web-\($0 + 1)", on: $1, of: set) }
        return .synchronized(
            ClusterSnapshot(nodes: nodes, pods: pods, budgets: [budget ?? self.budget], workloads: [set]))
    }

    private let adjust = ClusterRequest.ifUnchanged(
        since: "",
        .setBudget(
            ObjectKey("shop", "web"), uid: "uid-pdb-web", BudgetBound(.maxUnavailable, .count(1)),
            annotations: [Compensation.annotation: "run=r-test;previous=minAvailable 3;set=maxUnavailable 1"]))
    private let restore = ClusterRequest.setBudget(
        ObjectKey("shop", "web"), uid: "uid-pdb-web", BudgetBound(.minAvailable, .count(3)),
        annotations: [Compensation.annotation: nil])

    private func succeeded(_ id: Int) -> Observation { .completed(id: id, .cluster(.succeeded)) }

    @Test("owed in the journal and noted on the object before anything leaves; set back once the node is drained")
    func whole() throws {
        var machine = RunMachine(try order(["n1"]))
        let first = machine.handle(world(["n1", "s1", "s1"]), at: start)
        #expect(first.requests == [adjust])
        let owed = try #require(first.kinds.firstIndex(of: "compensation.owed"))
        #expect(owed < (first.kinds.firstIndex(of: "operation.intended") ?? 0))
        _ = machine.handle(succeeded(first.ids[0]), at: start)
        let shown = machine.handle(.changed(.budget(adjusted)), at: start + .seconds(1))
        let pod = Fixture.pod("web-1", on: "n1", of: set)
        #expect(shown.requests == [.evict(pod.reference, gracePeriodSeconds: nil)])
        _ = machine.handle(succeeded(shown.ids[0]), at: start + .seconds(1))
        let left = machine.handle(.changed(.podDeleted(pod.reference)), at: start + .seconds(2))
        #expect(left.requests == [.ifUnchanged(since: "", restore)])
        _ = machine.handle(succeeded(left.ids[0]), at: start + .seconds(2))
        var back = budget
        back.generation = 3
        #expect(machine.handle(.changed(.budget(back)), at: start + .seconds(3)).finished == .done)
        #expect(machine.state.compensations.isEmpty)
    }

    @Test("a second node that needs it keeps it adjusted; the last one sets it back")
    func shared() throws {
        var machine = RunMachine(try order(["n1", "n2"]))
        let first = machine.handle(world(["n1", "n2", "s1"]), at: start)
        #expect(first.requests == [adjust, adjust])
        for id in first.ids { _ = machine.handle(succeeded(id), at: start) }
        let shown = machine.handle(.changed(.budget(adjusted)), at: start + .seconds(1))
        #expect(shown.requests.count == 1, "one at a time: \(shown.requests)")
        let one = try #require(shown.requests.first.flatMap { if case .evict(let pod, _) = $0 { pod } else { nil } })
        _ = machine.handle(succeeded(shown.ids[0]), at: start + .seconds(1))
        let left = machine.handle(.changed(.podDeleted(one)), at: start + .seconds(2))
        #expect(!left.requests.contains(.ifUnchanged(since: "", restore)))
        #expect(left.kinds.contains("compensation.settled"))
        #expect(machine.state.compensations.count == 1)
    }

    @Test("a budget that lets pods go, one that nobody named, and one of other pods are left alone")
    func untouched() throws {
        var possible = budget
        possible.set(BudgetBound(.maxUnavailable, .count(1)))
        var machine = RunMachine(try order(["n1"]))
        #expect(!machine.handle(world(["n1", "s1", "s1"], possible), at: start).kinds.contains("compensation.owed"))
        var elsewhere = RunMachine(try order(["n1"]))
        #expect(!elsewhere.handle(world(["s1", "s1", "s1"]), at: start).kinds.contains("compensation.owed"))
    }

    @Test("a bound that somebody else set meanwhile stays, and fleet's note goes")
    func changedByOthers() {
        var found = adjusted
        found.set(BudgetBound(.minAvailable, .percent(50)))
        var world = World()
        world.synchronize(with: ClusterSnapshot(budgets: [found]))
        #expect(
            Compensation.budget(budget, to: .count(1), for: "n1").request(in: world, of: "r-1")
                == .ifUnchanged(
                    since: "",
                    .setBudget(
                        found.key, uid: found.uid, BudgetBound(.minAvailable, .percent(50)),
                        annotations: [Compensation.annotation: nil])))
    }

    @Test("leftovers finds it from the object alone, and sets back only what nobody changed since")
    func leftovers() throws {
        let found = try #require(LeftoverSearch().leftovers(in: ClusterSnapshot(budgets: [adjusted])).first)
        #expect(found.kind == .budget && found.object == "PodDisruptionBudget shop/web" && found.run == "r-test")
        #expect(found.previous == "minAvailable 3" && found.found == "maxUnavailable 1" && !found.isChangedSince)
        #expect(found.fate == .restore(restore, resourceVersion: adjusted.resourceVersion))
        var changed = adjusted
        changed.set(BudgetBound(.maxUnavailable, .count(2)))
        let other = try #require(LeftoverSearch().leftovers(in: ClusterSnapshot(budgets: [changed])).first)
        #expect(other.isChangedSince)
    }

    @Test("a budget that its owner tightens again is not loosened anew: the node is set aside")
    func overruled() throws {
        var machine = RunMachine(try order(["n1"]))
        let first = machine.handle(world(["n1", "s1", "s1"]), at: start)
        _ = machine.handle(succeeded(first.ids[0]), at: start)
        var tightened = adjusted
        tightened.set(BudgetBound(.maxUnavailable, .count(0)))
        tightened.generation = 3
        let changed = machine.handle(.changed(.budget(tightened)), at: start + .seconds(1))
        let later = machine.handle(.tick, at: start + .seconds(40))
        #expect((changed.kinds + later.kinds).contains("node.quarantined"))
        #expect(!(changed.requests + later.requests).contains(adjust))
        guard case .quarantined("adjust_budget", let reason)? = machine.state.nodes["n1"]?.phase else { return }
        #expect(reason.hasPrefix("somebody set PodDisruptionBudget shop/web to maxUnavailable 0 after this run"))
    }
}
