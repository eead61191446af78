import NIOConcurrencyHelpers

/// What waits to be printed while hosts say more than a terminal takes: beyond its room it is dropped, and counted.
///
/// Hosts are read as fast as they speak, so that none is held up by another's lines.
final class LiveBacklog: Sendable {
    private struct State {
        var waiting = 0
        var dropped: [LiveOutput.Source: Int] = [:]
    }

    private let state = NIOLockedValueBox(State())
    private let room: Int

    /// What a piece takes beside its bytes, however few they are.
    private static let overhead = 128

    /// Room for so many bytes.
    init(room: Int) { self.room = room }

    /// Takes in a piece of so many bytes, and tells how many were dropped right before it; nil where this one is.
    func enter(_ count: Int, from source: LiveOutput.Source) -> Int? {
        state.withLockedValue { state in
            guard state.waiting < room else {
                state.dropped[source, default: 0] += count
                return nil
            }
            state.waiting += count + Self.overhead
            return state.dropped.removeValue(forKey: source) ?? 0
        }
    }

    /// A piece of so many bytes was printed.
    func leave(_ count: Int) { state.withLockedValue { $0.waiting -= count + Self.overhead } }

    /// How many bytes were dropped that no later piece has told, by stream.
    var dropped: [LiveOutput.Source: Int] { state.withLockedValue { $0.dropped } }
}
