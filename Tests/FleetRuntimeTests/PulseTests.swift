import FleetModel
import Testing

@testable import FleetRuntime

struct PulseTests {
    private let start = Instant(microseconds: 1_790_000_000_000_000)

    @Test("a late beat tells for how long the process did not run, once, whoever asks first")
    func silence() {
        let pulse = Pulse(at: start)
        #expect(!pulse.beat(at: start + .seconds(5)))
        #expect(pulse.takeSilence(at: start + .seconds(24)) == nil)
        // The machine's turn comes before the beat.
        #expect(pulse.takeSilence(at: start + .seconds(3624)) == .seconds(3600))
        #expect(pulse.takeSilence(at: start + .seconds(3624)) == nil)
        // The beat comes before the machine's turn, and another one after it.
        #expect(pulse.beat(at: start + .seconds(3724)))
        #expect(!pulse.beat(at: start + .seconds(3729)))
        #expect(pulse.takeSilence(at: start + .seconds(3729)) == .seconds(100))
    }
}
