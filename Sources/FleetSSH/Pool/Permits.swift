internal import NIOConcurrencyHelpers
internal import NIOCore

/// A bounded number of permits, handed out in the order they are asked for.
final class Permits: Sendable {
    private struct State {
        var free: Int
        var waiting = CircularBuffer<@Sendable () -> Void>()
    }

    private let state: NIOLockedValueBox<State>

    init(_ count: Int) { state = NIOLockedValueBox(State(free: max(1, count))) }

    /// Calls back when there is a permit: at once where there is, else from whoever gives one back.
    func enter(_ admitted: @escaping @Sendable () -> Void) {
        let isFree = state.withLockedValue { state in
            if state.free > 0 {
                state.free -= 1
                return true
            }
            state.waiting.append(admitted)
            return false
        }
        if isFree { admitted() }
    }

    /// Waits for a permit.
    func acquire() async {
        await withCheckedContinuation { continuation in enter { continuation.resume() } }
    }

    /// Gives a permit back.
    func release() {
        let next = state.withLockedValue { state -> (@Sendable () -> Void)? in
            if state.waiting.isEmpty { state.free += 1 }
            return state.waiting.popFirst()
        }
        next?()
    }
}
