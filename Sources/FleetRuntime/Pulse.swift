import FleetModel
import NIOConcurrencyHelpers

/// Notices that the process did not run for a while: the machine slept, or the process was stopped.
///
/// Somebody beats every few seconds; a beat that comes late by more than the tolerance tells of such a time.
final class Pulse: Sendable {
    /// How often to beat.
    static let interval = Duration.seconds(5)

    private struct State {
        var last: Instant
        var silence = Duration.zero
    }

    private let state: NIOLockedValueBox<State>
    private let tolerance: Duration

    /// A pulse that begins at an instant.
    init(at now: Instant, tolerance: Duration = .seconds(20)) {
        state = NIOLockedValueBox(State(last: now))
        self.tolerance = tolerance
    }

    /// Says that the process runs; true when it did not for longer than the tolerance.
    @discardableResult
    func beat(at now: Instant) -> Bool {
        state.withLockedValue { state in
            let gap = now - state.last
            state.last = now
            guard gap > tolerance else { return false }
            state.silence += gap
            return true
        }
    }

    /// For how long the process did not run since this was asked last; nil when it ran all the time.
    func takeSilence(at now: Instant) -> Duration? {
        beat(at: now)
        return state.withLockedValue { state in
            defer { state.silence = .zero }
            return state.silence == .zero ? nil : state.silence
        }
    }
}
