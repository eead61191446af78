public import FleetModel

extension Resources {
    /// A list of quantities by resource name, such as `status.allocatable`; unreadable quantities count as zero, and
    /// none counts for more than any node has.
    public init(_ json: JSONValue) {
        self.init()
        for member in json.object ?? JSONObject() {
            guard let quantity = Quantity(member.value) else { continue }
            switch member.key {
            case "cpu": milliCPU = quantity.milliValue
            case "memory": memory = quantity.value
            case "ephemeral-storage": ephemeralStorage = quantity.value
            case "pods": pods = quantity.value
            default: extended[member.key] = quantity.value
            }
        }
        self = bounded
    }

    /// The wire form: quantities by resource name; zeros are omitted.
    public var json: JSONValue {
        var result = JSONValue.object(JSONObject())
        if milliCPU != 0 { result["cpu"] = .string(Quantity.text(milli: milliCPU)) }
        if ephemeralStorage != 0 { result["ephemeral-storage"] = .string(Quantity.text(bytes: ephemeralStorage)) }
        if memory != 0 { result["memory"] = .string(Quantity.text(bytes: memory)) }
        if pods != 0 { result["pods"] = .string(String(pods)) }
        for (name, amount) in extended.sorted(by: { $0.key < $1.key }) where amount != 0 {
            let isBytes = name.hasPrefix("hugepages-")
            result[name] = .string(isBytes ? Quantity.text(bytes: amount) : String(amount))
        }
        return result
    }
}

extension Quantity {
    /// A quantity as a string or, as people write it, a number; nil for anything else.
    public init?(_ json: JSONValue) {
        switch json {
        case .string(let text): self.init(text)
        case .number(let number): self.init(number.text)
        default: return nil
        }
    }
}
