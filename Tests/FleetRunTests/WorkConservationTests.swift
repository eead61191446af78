import Testing

@testable import FleetRun

/// Whenever a budget has room and rate, caps, order and zones allow, an eviction under it is in flight; and never more.
struct WorkConservationTests {
    @Test("random ledgers: no pod waits that may go, none goes that may not, and all have gone in the end")
    func ledgers() {
        var evictions = 0
        for seed in UInt64(1)...400 {
            var play = LedgerPlay(seed)
            var steps = 0
            while !play.isEmpty, play.faults.isEmpty, steps < 20_000 {
                play.step()
                steps += 1
            }
            evictions += play.evictions
            #expect(play.faults.isEmpty, "seed \(seed), step \(steps): \(play.faults.joined(separator: "; "))")
            #expect(play.isEmpty, "seed \(seed): pods are left after \(steps) steps")
            if !play.faults.isEmpty { return }
        }
        #expect(evictions > 2_000)
    }
}
