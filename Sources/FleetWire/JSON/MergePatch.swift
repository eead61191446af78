extension JSONValue {
    /// The value after a JSON merge patch (RFC 7386): objects merge, `null` removes, everything else replaces.
    public func merged(with patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = object ?? JSONObject()
        for change in changes {
            if change.value.isNull {
                result[change.key] = nil
            } else {
                result[change.key] = (result[change.key] ?? .null).merged(with: change.value)
            }
        }
        return .object(result)
    }
}
