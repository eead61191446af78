import FleetModel

/// How fast evictions may be sent: a token bucket whose rate falls when the API pushes back or answers slowly and
/// recovers slowly (additive increase, multiplicative decrease).
struct EvictionRate: Sendable {
    /// An eviction is answered within tens of milliseconds.
    ///
    /// Evictions that meet at one budget are retried by the server half a second apart (semantics 1.1), which says
    /// nothing about the API; priority and fairness hold them longer.
    static let slowAnswer = Duration.seconds(3)

    private let perSecond: Double
    private(set) var share = 1.0
    private var tokens: Double
    private var filledAt: Instant?
    private var pausedUntil: Instant?
    /// Slow answers until then tell of the rate that was cut already.
    private var settlesAt: Instant?

    /// A full bucket: up to one second's evictions at once, at least one.
    init(perSecond: Double) {
        self.perSecond = perSecond
        tokens = max(1, perSecond)
    }

    /// When the next eviction may be sent; nil when it may be sent now.
    mutating func wait(at now: Instant) -> Instant? {
        if let pausedUntil, now < pausedUntil { return pausedUntil }
        refill(at: now)
        guard tokens < 1 else { return nil }
        return now + .microseconds(Int64((1 - tokens) / (perSecond * share) * 1_000_000) + 1)
    }

    /// Spends one eviction.
    mutating func spend() { tokens -= 1 }

    /// The API answered after a while, nil where nobody measured it: promptly, which recovers a little, or slowly.
    mutating func answered(after latency: Duration?, at now: Instant) {
        guard let latency, latency >= Self.slowAnswer else {
            share = min(1, share + 0.02)
            return
        }
        struggles(for: latency, at: now)
    }

    /// The API takes long or fails: everything sent within that time met the same trouble, so it counts once.
    mutating func struggles(for span: Duration, at now: Instant) {
        if let settlesAt, now < settlesAt { return }
        share = max(0.05, share / 2)
        settlesAt = now + max(span, Self.slowAnswer)
    }

    /// The API pushed back.
    mutating func pushedBack(retryAfter: Duration, at now: Instant) {
        share = max(0.05, share / 2)
        pausedUntil = max(pausedUntil ?? now, now + retryAfter)
    }

    private mutating func refill(at now: Instant) {
        let elapsed = filledAt.map { (now - $0).inSeconds } ?? 0
        filledAt = now
        tokens = min(max(1, perSecond), tokens + elapsed * perSecond * share)
    }
}
