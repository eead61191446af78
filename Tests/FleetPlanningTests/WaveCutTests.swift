import FleetModel
import Testing

@testable import FleetPlanning

@Suite struct WaveCutTests {
    private func targets(_ zones: [(Zone?, Int)]) -> [PlanTarget] {
        zones.flatMap { zone, count in
            (0..<count).map { number in
                let name = "\(zone?.rawValue ?? "none")\(number)"
                return PlanTarget(host: name, node: NodeName(name), zone: zone)
            }
        }
    }

    private func sizes(_ policy: WavePolicy, of count: Int) -> [Int] {
        WaveCut(policy: policy, oneByOne: false).waves(of: targets([("a", count)])).map(\.targets.count)
    }

    @Test(
        arguments: [
            (CountOrPercent.count(1), CountOrPercent.percent(10), 25, [1] + Array(repeating: 2, count: 12)),
            (.count(1), .percent(10), 5, [1, 1, 1, 1, 1]),
            (.count(0), .count(4), 10, [4, 4, 2]),
            (.percent(0), .percent(50), 4, [2, 2]),
            (.percent(20), .count(3), 10, [2, 3, 3, 2]),
            (.count(9), .count(2), 3, [3]),
            (.count(1), .percent(10), 0, []),
        ]
    )
    func `Canary and size`(canary: CountOrPercent, size: CountOrPercent, count: Int, expected: [Int]) {
        #expect(sizes(WavePolicy(canary: canary, size: size), of: count) == expected)
    }

    @Test func `Waves are numbered from 1 without gaps and hold every target once`() {
        let all = targets([("a", 7), ("b", 3), (nil, 2)])
        for order in WavePolicy.Order.allCases {
            let waves = WaveCut(policy: WavePolicy(order: order, size: .count(3)), oneByOne: false).waves(of: all)
            #expect(waves.map(\.number) == Array(1...waves.count))
            let hosts = waves.flatMap(\.targets).map(\.host)
            #expect(hosts.count == all.count && Set(hosts) == Set(all.map(\.host)))
        }
    }

    @Test func `Zone by zone finishes one zone before the next, the unknown one last`() {
        let policy = WavePolicy(order: .zoneByZone, canary: .count(1), size: .count(2))
        let all = targets([(nil, 1), ("b", 2), ("a", 3)])
        let waves = WaveCut(policy: policy, oneByOne: false).waves(of: all).map { $0.targets.map(\.host) }
        #expect(waves == [["a0"], ["a1", "a2"], ["b0", "b1"], ["none0"]])
    }

    @Test func `Spread takes from every zone evenly`() {
        let policy = WavePolicy(order: .spread, canary: .count(0), size: .count(3))
        let waves = WaveCut(policy: policy, oneByOne: false).waves(of: targets([("a", 3), ("b", 3), ("c", 3)]))
        #expect(
            waves.map { $0.targets.map(\.host) } == [["a0", "b0", "c0"], ["a1", "b1", "c1"], ["a2", "b2", "c2"]])
    }

    @Test func `Spread follows the sizes of uneven zones`() {
        let policy = WavePolicy(order: .spread, canary: .count(0), size: .count(3))
        let waves = WaveCut(policy: policy, oneByOne: false).waves(of: targets([("a", 6), ("b", 3)]))
        for wave in waves {
            #expect(wave.targets.count { $0.zone == "a" } == 2)
            #expect(wave.targets.count { $0.zone == "b" } == 1)
        }
    }

    @Test func `Control-plane hosts go one by one`() {
        let waves = WaveCut(policy: WavePolicy(canary: .count(0), size: .count(3)), oneByOne: true)
            .waves(of: targets([("a", 2), ("b", 1)]))
        #expect(waves.map(\.targets.count) == [1, 1, 1])
    }
}
