import FleetModel

/// Evictions in flight: asked for, and the pod not gone.
///
/// Their number is bounded over the wave and in each zone.
struct EvictionFlight: Sendable {
    private let limit: Int?
    private let limitPerZone: Int?
    private var byZone: [Zone?: Int] = [:]
    /// How many there are.
    private(set) var count = 0

    init(policy: EvictionPolicy) {
        limit = policy.maxInFlight
        limitPerZone = policy.maxInFlightPerZone
    }

    mutating func begin(in zone: Zone?) {
        count += 1
        byZone[zone, default: 0] += 1
    }

    mutating func end(in zone: Zone?) {
        count -= 1
        byZone[zone, default: 0] -= 1
    }

    /// Why no eviction may be added in the zone; nil when one may.
    func refusal(in zone: Zone?) -> String? {
        if let limit, count >= limit { return "evictions.max_in_flight permits \(limit), and so many pods are leaving" }
        guard let limitPerZone, byZone[zone, default: 0] >= limitPerZone else { return nil }
        return
            "evictions.max_in_flight_per_zone permits \(limitPerZone) in zone \(zone?.rawValue ?? "(none)"), and so many pods are leaving it"
    }
}
