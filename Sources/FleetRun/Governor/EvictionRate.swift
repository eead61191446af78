import FleetModel

/// How fast evictions may be sent: a token bucket that halves its rate when the API pushes back and recovers slowly
/// (additive increase, multiplicative decrease).
struct EvictionRate: Sendable {
    private let perSecond: Double
    private var share = 1.0
    private var tokens: Double
    private var filledAt: Instant?
    private var pausedUntil: Instant?

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

    /// The API answered without pushing back.
    mutating func accepted() { share = min(1, share + 0.02) }

    /// The API pushed back.
    mutating func pushedBack(retryAfter: Duration, at now: Instant) {
        share = max(0.05, share / 2)
        pausedUntil = now + retryAfter
    }

    private mutating func refill(at now: Instant) {
        let elapsed = filledAt.map { (now - $0).inSeconds } ?? 0
        filledAt = now
        tokens = min(max(1, perSecond), tokens + elapsed * perSecond * share)
    }
}
