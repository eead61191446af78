/// Spans that others wrote, in seconds, within what anybody can mean.
enum WireSeconds {
    /// A pod's grace period or toleration: at most ten years; every negative one is -1, nil is none.
    static func ofPods(_ json: JSONValue) -> Int64? {
        json.int64.map { min(10 * 365 * 86_400, max(-1, $0)) }
    }

    /// What a server asks to be waited (`Retry-After`): at most an hour.
    static func ofRetry(_ seconds: Int64) -> Int64 { min(3600, max(0, seconds)) }
}
