internal import NIOCore

/// Milliseconds by phase, of a connection and then of a command on it; a number each, since every host has one.
struct PhaseClock {
    /// What takes its time, in this order.
    enum Phase: Int, CaseIterable {
        case connect, handshake, authentication, start, command
    }

    private static let names = Phase.allCases.map { String(describing: $0) }

    private var passed = SIMD8<Int32>(repeating: -1)
    private var since = NIODeadline.now()

    /// The phases that ended, by name.
    var timings: [String: Int] {
        var timings = [String: Int](minimumCapacity: Phase.allCases.count)
        for (place, name) in Self.names.enumerated() where passed[place] >= 0 { timings[name] = Int(passed[place]) }
        return timings
    }

    /// Ends a phase that began when the last one ended.
    mutating func end(_ phase: Phase) {
        let now = NIODeadline.now()
        passed[phase.rawValue] = Int32(clamping: (now - since).nanoseconds / 1_000_000)
        since = now
    }

    /// Begins anew without naming what passed.
    mutating func restart() { since = .now() }
}
