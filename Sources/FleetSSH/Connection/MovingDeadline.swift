internal import NIOCore

/// A deadline that moves on from phase to phase: one timer, which looks again when the deadline was moved meanwhile.
///
/// A connection has seven phases in as many milliseconds; a timer for each would cost more than most of them.
final class MovingDeadline {
    private let loop: any EventLoop
    private var timer: Scheduled<Void>?
    private var timerAt = NIODeadline.distantFuture
    private var due: (at: NIODeadline, act: () -> Void)?

    init(_ loop: any EventLoop) { self.loop = loop }

    /// Acts after so many seconds, unless it is set anew or cancelled before.
    func set(in seconds: Int64, _ act: @escaping () -> Void) {
        let at = NIODeadline.now() + .seconds(seconds)
        due = (at, act)
        guard at < timerAt || timer == nil else { return }
        timer?.cancel()
        wait(until: at)
    }

    /// Never acts any more, unless it is set anew.
    func cancel() { due = nil }

    /// Cancels it, and lets go of the timer.
    func end() {
        due = nil
        timer?.cancel()
        timer = nil
    }

    private func wait(until at: NIODeadline) {
        timerAt = at
        timer = loop.assumeIsolated().scheduleTask(deadline: at) { [self] in
            timer = nil
            timerAt = .distantFuture
            guard let due else { return }
            guard due.at <= .now() else { return wait(until: due.at) }
            self.due = nil
            due.act()
        }
    }
}
