extension WavePolicy: Codable {
    private enum Key: String, CodingKey {
        case order, canary, size, maxUnavailable, maxUnavailablePerZone, parallelism, soak, maxFailures
        case maxUnavailablePerPool, minAvailable, maxSurge, maxSurgePerZone, maxSurgePerPool, startsPerMinute
    }

    /// Reads the form that ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let orderText = try values.decode(String.self, forKey: .order)
        let soakText = try values.decode(String.self, forKey: .soak)
        guard let order = Order(rawValue: orderText), let soak = Duration(text: soakText) else {
            let text = "unknown order \(orderText) or duration \(soakText)"
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
        }
        self.init(
            order: order,
            canary: try Self.bound(values, .canary),
            size: try Self.bound(values, .size),
            maxUnavailable: try Self.bound(values, .maxUnavailable),
            maxUnavailablePerZone: try Self.bound(values, .maxUnavailablePerZone),
            parallelism: try values.decode(Int.self, forKey: .parallelism),
            soak: soak,
            maxFailures: try values.decode(Int.self, forKey: .maxFailures)
        )
        maxUnavailablePerPool = try Self.boundIfPresent(values, .maxUnavailablePerPool)
        maxSurge = try Self.boundIfPresent(values, .maxSurge)
        maxSurgePerZone = try Self.boundIfPresent(values, .maxSurgePerZone)
        maxSurgePerPool = try Self.boundIfPresent(values, .maxSurgePerPool)
        startsPerMinute = try values.decodeIfPresent(Int.self, forKey: .startsPerMinute)
        let least = try values.decodeIfPresent([String: Int].self, forKey: .minAvailable) ?? [:]
        minAvailable = Dictionary(uniqueKeysWithValues: least.map { (Pool($0), $1) })
    }

    /// Writes bounds and durations as files have them: `10%`, `2m`.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(order.rawValue, forKey: .order)
        try values.encode(canary.description, forKey: .canary)
        try values.encode(size.description, forKey: .size)
        try values.encode(maxUnavailable.description, forKey: .maxUnavailable)
        try values.encode(maxUnavailablePerZone.description, forKey: .maxUnavailablePerZone)
        try values.encode(parallelism, forKey: .parallelism)
        try values.encode(soak.text, forKey: .soak)
        try values.encode(maxFailures, forKey: .maxFailures)
        try values.encodeIfPresent(maxUnavailablePerPool?.description, forKey: .maxUnavailablePerPool)
        try values.encodeIfPresent(maxSurge?.description, forKey: .maxSurge)
        try values.encodeIfPresent(maxSurgePerZone?.description, forKey: .maxSurgePerZone)
        try values.encodeIfPresent(maxSurgePerPool?.description, forKey: .maxSurgePerPool)
        try values.encodeIfPresent(startsPerMinute, forKey: .startsPerMinute)
        guard !minAvailable.isEmpty else { return }
        let least = Dictionary(uniqueKeysWithValues: minAvailable.map { ($0.rawValue, $1) })
        try values.encode(least, forKey: .minAvailable)
    }

    private static func boundIfPresent(
        _ values: KeyedDecodingContainer<Key>, _ key: Key
    ) throws -> CountOrPercent? {
        try values.contains(key) ? bound(values, key) : nil
    }

    private static func bound(_ values: KeyedDecodingContainer<Key>, _ key: Key) throws -> CountOrPercent {
        let text = try values.decode(String.self, forKey: key)
        guard let bound = CountOrPercent(text: text) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: values, debugDescription: "neither a number nor a percentage: \(text)"
            )
        }
        return bound
    }
}
