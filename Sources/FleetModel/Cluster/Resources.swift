/// Amounts of compute resources, as requested, limited or allocatable.
public struct Resources: Hashable, Sendable, Codable {
    /// CPU in thousandths of a core.
    public var milliCPU: Int64
    /// Memory in bytes.
    public var memory: Int64
    /// Ephemeral storage in bytes.
    public var ephemeralStorage: Int64
    /// Number of pods; only meaningful for a node's capacity and allocatable.
    public var pods: Int64
    /// Extended resources and huge pages by name, in their base unit.
    public var extended: [String: Int64]

    /// Collects amounts; everything omitted is zero.
    public init(
        milliCPU: Int64 = 0, memory: Int64 = 0, ephemeralStorage: Int64 = 0, pods: Int64 = 0,
        extended: [String: Int64] = [:]
    ) {
        self.milliCPU = milliCPU
        self.memory = memory
        self.ephemeralStorage = ephemeralStorage
        self.pods = pods
        self.extended = extended
    }

    /// Nothing of everything.
    public static let zero = Resources()

    /// No node has more of anything, and a thousand times it still fits: 2^50, of memory a pebibyte.
    public static let mostOfOne: Int64 = 1 << 50

    /// The same with every amount at most ``mostOfOne``, and at least its negative.
    ///
    /// What tenants ask for is not bounded: two containers of 8Ei would make sums of them meaningless.
    public var bounded: Resources {
        combined(with: .zero) { amount, _ in Swift.min(Self.mostOfOne, Swift.max(-Self.mostOfOne, amount)) }
    }

    /// Sums amount by amount; what does not fit stays at the end of the range.
    public static func + (left: Resources, right: Resources) -> Resources {
        left.combined(with: right) { $0.addingSaturated($1) }
    }

    /// Subtracts amount by amount; the result may be negative.
    public static func - (left: Resources, right: Resources) -> Resources {
        left.combined(with: right) { $0.subtractingSaturated($1) }
    }

    /// Adds amounts in place.
    public static func += (left: inout Resources, right: Resources) { left = left + right }

    /// Subtracts amounts in place.
    public static func -= (left: inout Resources, right: Resources) { left = left - right }

    /// The larger amount of each resource.
    public func maximum(_ other: Resources) -> Resources { combined(with: other, by: max) }

    private func combined(with other: Resources, by operation: (Int64, Int64) -> Int64) -> Resources {
        var extended = self.extended
        for name in Set(self.extended.keys).union(other.extended.keys) {
            extended[name] = operation(self.extended[name] ?? 0, other.extended[name] ?? 0)
        }
        return Resources(
            milliCPU: operation(milliCPU, other.milliCPU),
            memory: operation(memory, other.memory),
            ephemeralStorage: operation(ephemeralStorage, other.ephemeralStorage),
            pods: operation(pods, other.pods),
            extended: extended
        )
    }
}
