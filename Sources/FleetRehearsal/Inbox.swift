import FleetModel
import FleetRun

/// Observations in the order of their arrival; of those that arrive at once, in the order in which they were sent.
///
/// The cluster's changes all take the same time on their way, answers do not: each kind has a queue of its own, so that
/// neither moves the other's when one is added.
struct Inbox: Sendable {
    private struct Letter: Sendable {
        let at: Instant
        let number: Int
        let observation: Observation

        func comes(before other: Letter) -> Bool { (at, number) < (other.at, other.number) }
    }

    /// Letters sorted by arrival; what lies before the head was taken.
    private struct Queue: Sendable {
        private var letters: [Letter] = []
        private var head = 0

        var first: Letter? { head < letters.count ? letters[head] : nil }

        mutating func add(_ letter: Letter) {
            var position = letters.count
            while position > head, letter.comes(before: letters[position - 1]) { position -= 1 }
            letters.insert(letter, at: position)
        }

        mutating func removeFirst() {
            head += 1
            guard head > 1024, head * 2 > letters.count else { return }
            letters.removeFirst(head)
            head = 0
        }
    }

    private var changes = Queue()
    private var others = Queue()
    private var sent = 0

    /// When the next one arrives.
    var next: Instant? { [changes.first?.at, others.first?.at].compactMap(\.self).min() }

    mutating func add(_ observation: Observation, at instant: Instant) {
        sent += 1
        let letter = Letter(at: instant, number: sent, observation: observation)
        if case .changed = observation { changes.add(letter) } else { others.add(letter) }
    }

    /// Changes that have not arrived never will.
    mutating func dropChanges() { changes = Queue() }

    /// Those that have arrived by then.
    mutating func takeAll(at now: Instant) -> [Observation] {
        var arrived: [Observation] = []
        while let observation = take(at: now) { arrived.append(observation) }
        return arrived
    }

    private mutating func take(at now: Instant) -> Observation? {
        let isChange: Bool
        switch (changes.first, others.first) {
        case (nil, nil): return nil
        case (_?, nil): isChange = true
        case (nil, _?): isChange = false
        case (let change?, let other?): isChange = change.comes(before: other)
        }
        guard let letter = isChange ? changes.first : others.first, letter.at <= now else { return nil }
        if isChange { changes.removeFirst() } else { others.removeFirst() }
        return letter.observation
    }
}
