/// An amount of one resource that a Node is expected to have, in the resource's base unit.
public struct CapacityAmount: Hashable, Sendable {
    /// The resource's name.
    public let name: String
    /// What must be there at least.
    public let least: Int64

    /// Reads Kubernetes' quantities: a number with a decimal (`k`, `M`, `G`, `T`) or binary (`Ki` …) suffix; `m` for
    /// thousandths of a CPU.
    ///
    /// Nil for anything else.
    public init?(name: String, text: String) {
        guard let amount = Self.amount(text) else { return nil }
        self.name = name
        switch name {
        case "cpu": least = Int64((amount * 1000).rounded())
        case "memory", "ephemeral-storage": least = Int64((amount * 0.9).rounded())
        default: least = Int64(amount.rounded())
        }
    }

    /// What a Node has of it.
    public func found(in capacity: Resources) -> Int64 { capacity.amount(of: name) }

    /// A found amount as an operator writes it.
    public func text(of amount: Int64) -> String { Resources.text(amount, of: name) }

    /// Writes an amount of the same resource; omitted, the least that must be there.
    public func set(_ amount: Int64? = nil, in resources: inout Resources) {
        let amount = amount ?? least
        switch name {
        case "cpu": resources.milliCPU = amount
        case "memory": resources.memory = amount
        case "ephemeral-storage": resources.ephemeralStorage = amount
        case "pods": resources.pods = amount
        default: resources.extended[name] = amount
        }
    }

    private static let factors: [(suffix: String, factor: Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776), ("m", 0.001), ("k", 1e3),
        ("M", 1e6), ("G", 1e9), ("T", 1e12),
    ]

    private static func amount(_ text: String) -> Double? {
        let known = factors.first { text.hasSuffix($0.suffix) }
        let number = known.map { String(text.dropLast($0.suffix.count)) } ?? text
        guard let value = Double(number), value >= 0, value.isFinite, value < 1e15, number.first?.isNumber == true
        else { return nil }
        return value * (known?.factor ?? 1)
    }
}
