internal import NIOCore

/// A deadline that moves on from phase to phase; confined to its event loop.
///
/// A connection has seven phases in as many milliseconds, and a timer of the event loop for each would cost more than most
/// of them: all deadlines of a loop are looked through at its ticks.
final class MovingDeadline {
    private let ticker: Ticker
    fileprivate var due: (at: NIODeadline, act: () -> Void)?
    /// Where the ticker keeps it.
    fileprivate var place: Int?

    init(_ ticker: Ticker) { self.ticker = ticker }

    /// Whether it will act.
    var isSet: Bool { due != nil }

    /// Acts after so many seconds, at most a tick later, unless it is set anew or cancelled before.
    func set(in seconds: Int64, _ act: @escaping () -> Void) { set(at: .now() + .seconds(seconds), act) }

    /// The same at a time.
    func set(at: NIODeadline, _ act: @escaping () -> Void) {
        due = (at, act)
        ticker.add(self)
    }

    /// Never acts any more, unless it is set anew.
    func cancel() {
        due = nil
        ticker.remove(self)
    }

    fileprivate func actIfDue(_ now: NIODeadline) {
        guard let due, due.at <= now else { return }
        cancel()
        due.act()
    }
}

/// Looks through the deadlines of an event loop, while there are any.
final class Ticker {
    private let loop: any EventLoop
    private var deadlines: [MovingDeadline] = []
    private var isTicking = false

    /// Deadlines are whole seconds.
    private static let interval = TimeAmount.milliseconds(200)

    init(_ loop: any EventLoop) { self.loop = loop }

    fileprivate func add(_ deadline: MovingDeadline) {
        guard deadline.place == nil else { return }
        deadline.place = deadlines.count
        deadlines.append(deadline)
        guard !isTicking else { return }
        isTicking = true
        wait()
    }

    fileprivate func remove(_ deadline: MovingDeadline) {
        guard let place = deadline.place else { return }
        deadline.place = nil
        let last = deadlines.removeLast()
        guard last !== deadline else { return }
        deadlines[place] = last
        last.place = place
    }

    private func wait() {
        loop.assumeIsolated().scheduleTask(in: Self.interval) { [self] in tick() }
    }

    private func tick() {
        let now = NIODeadline.now()
        // Whoever acts may set and cancel others.
        for deadline in deadlines.filter({ $0.due.map { $0.at <= now } ?? false }) { deadline.actIfDue(now) }
        if deadlines.isEmpty { isTicking = false } else { wait() }
    }
}
