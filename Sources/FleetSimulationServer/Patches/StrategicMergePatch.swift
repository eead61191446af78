import FleetWire

/// Kubernetes' strategic merge patch: lists with a merge key merge by it, the others are replaced.
///
/// Directives: `$patch: delete|replace|merge`, `$retainKeys`, `$deleteFromPrimitiveList/…`; `$setElementOrder/…` is
/// accepted and the order kept as it is (`~/apimachinery/pkg/util/strategicpatch/patch.go`).
enum StrategicMergePatch {
    /// The target with the patch applied.
    static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue { merge(patch, into: target, path: []) }

    private static func merge(_ patch: JSONValue, into target: JSONValue, path: [String]) -> JSONValue {
        guard var changes = patch.object else { return patch }
        let directive = changes["$patch"]?.string
        changes["$patch"] = nil
        if directive == "replace" { return .object(changes) }
        var members = target.object ?? JSONObject()
        retain(changes["$retainKeys"], in: &members)
        for change in changes where !change.key.hasPrefix("$") {
            members[change.key] = merged(change.value, into: members[change.key] ?? .null, path: path + [change.key])
        }
        let prefix = "$deleteFromPrimitiveList/"
        for change in changes where change.key.hasPrefix(prefix) {
            remove(change.value.elements, from: String(change.key.dropFirst(prefix.count)), in: &members)
        }
        return .object(members)
    }

    private static func merged(_ change: JSONValue, into current: JSONValue, path: [String]) -> JSONValue? {
        switch change {
        case .null: return nil
        case .object where change["$patch"] == "delete": return nil
        case .object: return merge(change, into: current, path: path)
        case .array(let elements): return .array(list(elements, into: current.elements, path: path))
        default: return change
        }
    }

    private static func list(_ changes: [JSONValue], into current: [JSONValue], path: [String]) -> [JSONValue] {
        switch MergeKeys.strategy(path) {
        case .replace: changes
        case .unique: current + changes.filter { !current.contains($0) }
        case .key(let key): list(changes, into: current, by: key, path: path)
        }
    }

    private static func list(
        _ changes: [JSONValue], into current: [JSONValue], by key: String, path: [String]
    ) -> [JSONValue] {
        let replaces = changes.contains(["$patch": "replace"])
        var result = replaces ? [] : current
        for change in changes where change != ["$patch": "replace"] {
            let position = result.firstIndex { $0[key] == change[key] }
            switch (position, change["$patch"] == "delete") {
            case (let position?, true): result.remove(at: position)
            case (nil, true): break
            case (let position?, false): result[position] = merge(change, into: result[position], path: path)
            case (nil, false): result.append(merge(change, into: .null, path: path))
            }
        }
        return result
    }

    private static func retain(_ keys: JSONValue?, in members: inout JSONObject) {
        guard let keys else { return }
        let kept = Set(keys.elements.compactMap(\.string))
        for key in members.keys where !kept.contains(key) { members[key] = nil }
    }

    private static func remove(_ elements: [JSONValue], from key: String, in members: inout JSONObject) {
        guard let current = members[key] else { return }
        members[key] = .array(current.elements.filter { !elements.contains($0) })
    }
}
