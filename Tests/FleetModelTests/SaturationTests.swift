import FleetModel
import Testing

/// Numbers of others end at the range's end instead of ending fleet.
@Suite("Saturating arithmetic")
struct SaturationTests {
    @Test("resources add and subtract up to the range's end")
    func resources() {
        let huge = Resources(milliCPU: .max, memory: .max, ephemeralStorage: .min, pods: 1, extended: ["x": .max])
        #expect((huge + huge).memory == .max)
        #expect((huge + huge).ephemeralStorage == .min)
        #expect((huge + huge).extended == ["x": .max])
        #expect((Resources(memory: -2) - huge).memory == .min)
        #expect((Resources.zero - huge).ephemeralStorage == .max)
        #expect((huge + huge).pods == 2)
        #expect(huge.bounded.memory == Resources.mostOfOne && huge.bounded.ephemeralStorage == -Resources.mostOfOne)
    }

    @Test("instants stay within time")
    func instants() {
        let now = Instant(seconds: 1_767_225_600)
        #expect(now + .seconds(Int64.max) == Instant(microseconds: .max))
        #expect(now - .seconds(Int64.max) == Instant(microseconds: 1_767_225_600_000_000 - .max))
        #expect(Instant(seconds: .min) == Instant(microseconds: .min))
        #expect(Instant(microseconds: .min) - now == .microseconds(Int64.min))
        #expect(Duration.seconds(Int64.max).wholeMicroseconds == .max)
        #expect(Duration.seconds(-3).wholeMicroseconds == -3_000_000)
        #expect(now + .seconds(10) - now == .seconds(10))
    }

    static let rows: [(left: Int64, right: Int64, product: Int64)] = [
        (.max, 2, .max), (.min, 2, .min), (.min, -1, .max), (-3, 7, -21),
    ]

    @Test("products and sums", arguments: rows)
    func products(_ row: (left: Int64, right: Int64, product: Int64)) {
        #expect(row.left.multipliedSaturated(by: row.right) == row.product)
        #expect(Int64.min.addingSaturated(-1) == .min)
        #expect(Int64.max.addingSaturated(1) == .max)
    }

    @Test("a node's room survives pods that ask for more than there is")
    func rooms() {
        var state = PlacementState()
        let index = state.add(PlacementFilterTests.node("n"))
        let pod = Pod(key: ObjectKey("shop", "a"), uid: "a", requests: Resources(memory: .max, extended: ["x": .max]))
        let demand = state.demand(of: pod)
        for _ in 0..<3 { state.assume(demand, on: index) }
        let probe = state.probe(demand)
        let isAccepted = state.accepts(probe, index)
        #expect(!isAccepted)
    }
}
