import FleetModel
import FleetRun

/// Observations in the order of their arrival.
struct Inbox: Sendable {
    private var waiting: [(at: Instant, observation: Observation)] = []
    private var head = 0

    /// When the next one arrives.
    var next: Instant? { head < waiting.count ? waiting[head].at : nil }

    mutating func add(_ observation: Observation, at instant: Instant) {
        var position = waiting.count
        while position > head, waiting[position - 1].at > instant { position -= 1 }
        waiting.insert((instant, observation), at: position)
    }

    /// Changes that have not arrived never will.
    mutating func dropChanges() {
        waiting.removeFirst(head)
        head = 0
        waiting.removeAll { if case .changed = $0.observation { true } else { false } }
    }

    /// The next one that has arrived by then.
    mutating func take(at now: Instant) -> Observation? {
        guard let next, next <= now else { return nil }
        if head > 4096 {
            waiting.removeFirst(head)
            head = 0
        }
        defer { head += 1 }
        return waiting[head].observation
    }
}
