import FleetModel
import Testing

@testable import FleetSimulation

/// The order in which the scheduler tries nodes.
@Suite struct ZoneTurnOrderTests {
    private static func order(_ zones: [String?]) -> ZoneTurnOrder {
        var order = ZoneTurnOrder()
        for (node, zone) in zones.enumerated() { order.put(node, in: zone.map { Zone($0) }) }
        return order
    }

    private static func next(_ count: Int, of order: inout ZoneTurnOrder) -> [Int] {
        (0..<count).map { _ in order.next() }
    }

    @Test func zonesTakeTurnsByNameAndLargeOnesGoOnAlone() {
        var order = Self.order(["b", "a", "a", "c", "a", nil])
        #expect(order.count == 6)
        #expect(Self.next(8, of: &order) == [5, 1, 0, 3, 2, 4, 5, 1])
    }

    @Test func nodesGoAndMoveBetweenTurns() {
        var order = Self.order(["b", "a", "a", "c", "a"])
        #expect(Self.next(2, of: &order) == [1, 0])
        order.remove(3)
        #expect(Self.next(3, of: &order) == [2, 4, 1])
        order.put(4, in: "b")
        order.put(4, in: "b")
        #expect(order.count == 4)
        #expect(Self.next(5, of: &order) == [0, 2, 4, 1, 0])
    }

    @Test func aZoneThatShrinksBelowTheTurnBeginsAnew() {
        var order = Self.order(["a", "a", "a"])
        #expect(Self.next(2, of: &order) == [0, 1])
        order.remove(2)
        order.remove(1)
        #expect(Self.next(2, of: &order) == [0, 0])
        order.remove(0)
        #expect(order.isEmpty)
    }
}
