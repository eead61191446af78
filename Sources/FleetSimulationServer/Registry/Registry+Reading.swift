import FleetModel
import FleetWire

/// One page of a list.
struct ListPage: Sendable {
    /// The list's own metadata.
    let metadata: JSONValue
    /// The objects, with kind and version.
    let objects: [JSONValue]
}

extension Registry {
    /// A list under the rules of resource versions and pages (semantics 6.1).
    func list(_ target: ResourceTarget, _ options: ListOptions) throws(APIFailure) -> ListPage {
        if let wanted = options.resourceVersion, wanted > store.revision {
            throw .tooLargeVersion(wanted, current: store.revision)
        }
        if !options.continueToken.isEmpty { return try nextPage(target, options) }
        let isExact = options.match == .exact || (options.match == nil && options.limit > 0)
        guard isExact, let revision = options.resourceVersion, revision > 0 else {
            let isUnlimited = options.resourceVersion == 0 && options.match == nil
            return try page(target, options, at: store.revision, after: nil, limit: isUnlimited ? 0 : options.limit)
        }
        return try page(target, options, at: revision, after: nil, limit: options.limit)
    }

    private func nextPage(_ target: ResourceTarget, _ options: ListOptions) throws(APIFailure) -> ListPage {
        if let version = options.resourceVersion, version != 0 {
            throw .badRequest("specifying resource version is not allowed when using continue")
        }
        let token = try ContinueToken(options.continueToken)
        let revision = token.revision < 0 ? store.revision : token.revision
        return try page(target, options, at: revision, after: token.lastKey, limit: options.limit)
    }

    private func page(
        _ target: ResourceTarget, _ options: ListOptions, at revision: Int64, after: String?, limit: Int
    ) throws(APIFailure) -> ListPage {
        guard let all = store.list(target.resource.storage, namespace: target.namespace, at: revision) else {
            throw expired(after: after)
        }
        let start = after.map { after in
            all.firstIndex { after.utf8.lexicographicallyPrecedes($0.key.path.utf8) } ?? all.count
        }
        let rest = all[(start ?? 0)...]
        var chosen: [StoredDocument] = []
        var last = rest.endIndex
        for index in rest.indices where options.selects(rest[index].json) {
            if limit > 0, chosen.count == limit {
                last = index
                break
            }
            chosen.append(rest[index])
        }
        let more = last < rest.endIndex ? chosen.last : nil
        return ListPage(
            metadata: metadata(revision, more, remaining: options.hasSelector ? nil : rest.endIndex - last),
            objects: chosen.map { shown($0, target.resource) })
    }

    private func metadata(_ revision: Int64, _ last: StoredDocument?, remaining: Int?) -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": "\(revision)"]
        guard let last else { return metadata }
        metadata["continue"] = .string(ContinueToken(revision: revision, lastKey: last.key.path).text)
        if let remaining { metadata["remainingItemCount"] = .int(remaining) }
        return metadata
    }

    private func expired(after: String?) -> APIFailure {
        guard let after else {
            return .expired("The resourceVersion for the provided list is too old.")
        }
        return .expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter, or use the continue token in this response to retrieve the remainder "
                + "of the results.",
            continueToken: ContinueToken(revision: -1, lastKey: after).text)
    }
}
