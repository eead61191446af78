/// Counts what comes in on a session: silence is probed, and silence after probes is death.
final class PeerWatch {
    private let settings: SSHSettings
    private let probe: MovingDeadline

    init(_ settings: SSHSettings, _ ticker: Ticker) {
        self.settings = settings
        probe = MovingDeadline(ticker)
    }

    /// Watches until it is cancelled, unless it does already; `dead` is told why the peer counts as such.
    func begin(on session: Session, dead: @escaping (String) -> Void) {
        guard !probe.isSet else { return }
        wait(session, received: session.wire.receivedBytes, unanswered: 0, dead)
    }

    /// Watches no longer.
    func cancel() { probe.cancel() }

    private func wait(_ session: Session, received: Int, unanswered: Int, _ dead: @escaping (String) -> Void) {
        probe.set(in: settings.probeSeconds) { [self] in
            let now = session.wire.receivedBytes
            guard now == received else { return wait(session, received: now, unanswered: 0, dead) }
            guard unanswered < settings.probes else {
                let silence = settings.probeSeconds * Int64(unanswered + 1)
                return dead("no byte came for \(silence) s, though \(unanswered) probes asked for one")
            }
            // Set first: the probe may end the connection, and the watch with it.
            wait(session, received: now, unanswered: unanswered + 1, dead)
            session.probe()
        }
    }
}
