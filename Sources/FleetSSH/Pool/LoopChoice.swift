internal import FleetModel
internal import NIOConcurrencyHelpers

/// Which event loop works on which sshd.
///
/// A target and its jump hosts share a loop; so do all connections to one sshd, which are admitted together. One loop is
/// filled before the next is used: a loop with much to do takes many events out of one system call, and costs a
/// quarter less CPU for each host than two that wake for every packet.
final class LoopChoice: Sendable {
    private struct Place: Hashable {
        var address: String
        var port: Int
    }

    private struct State {
        var loops: [Place: Int] = [:]
        var running: [Int]
    }

    private let state: NIOLockedValueBox<State>

    /// Commands at once that fill a loop, which can begin some 700 connections in a second.
    static let full = 192

    /// A choice among so many loops; at least one.
    init(of count: Int) { state = NIOLockedValueBox(State(running: Array(repeating: 0, count: max(1, count)))) }

    /// The loop for a command whose first hop is this; to be left when the command has ended.
    func enter(_ first: HostEndpoint) -> Int {
        let place = Place(address: first.address, port: first.port)
        return state.withLockedValue { state in
            let loop = state.loops[place] ?? Self.next(state.running)
            state.loops[place] = loop
            state.running[loop] += 1
            return loop
        }
    }

    /// A command on the loop has ended.
    func leave(_ loop: Int) { state.withLockedValue { $0.running[loop] -= 1 } }

    /// The first loop that is not full; the least busy one where all are.
    private static func next(_ running: [Int]) -> Int {
        if let free = running.firstIndex(where: { $0 < full }) { return free }
        return running.indices.min { running[$0] < running[$1] } ?? 0
    }
}
