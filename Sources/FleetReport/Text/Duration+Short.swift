extension Duration {
    /// The duration for people: its two largest units, such as `4m10s`, `1h4m`, `12s`; `<1s` below a second.
    public var short: String {
        let seconds = components.seconds
        guard seconds > 0 else { return components.attoseconds > 0 ? "<1s" : "0s" }
        let units: [(Int64, String)] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]
        var rest = seconds
        var parts: [String] = []
        for (size, name) in units {
            if rest >= size { parts.append("\(rest / size)\(name)") } else if !parts.isEmpty { break }
            rest %= size
            if parts.count == 2 || rest == 0 && !parts.isEmpty { break }
        }
        return parts.joined()
    }
}
