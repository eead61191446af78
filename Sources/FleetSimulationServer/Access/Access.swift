import FleetWire
import Foundation

/// Who asks, and whether they may.
struct Access: Sendable {
    /// Everybody with a token.
    var accounts: [Account]

    /// The account of a request; an unknown token is a 401, no token is anonymous.
    func account(_ request: APIRequest, _ registry: Registry) throws(APIFailure) -> Account {
        guard let token = request.token else { return .anonymous }
        if let known = accounts.first(where: { $0.token == token }) { return known }
        if let bootstrap = bootstrapAccount(token, registry) { return bootstrap }
        throw .unauthorized
    }

    /// A bootstrap token is a Secret of kube-system that embeds its id in its name (semantics 10).
    private func bootstrapAccount(_ token: String, _ registry: Registry) -> Account? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let key = StorageKey(namespace: "kube-system", name: "bootstrap-token-\(parts[0])")
        let secret = registry.store.object(StorageKind(group: "", name: "secrets"), key)?.json
        guard let stored = secret?["data"]["token-secret"].string.flatMap({ Data(base64Encoded: $0) }),
            stored.elementsEqual(parts[1].utf8)
        else { return nil }
        return Account(
            user: "system:bootstrap:\(parts[0])", groups: ["system:bootstrappers"], token: token,
            allowed: [Account.Rule(verbs: ["create", "get"], resources: ["certificatesigningrequests"])])
    }

    /// Refuses what the account may not do, in the words of RBAC.
    ///
    /// A field selector that names one object makes a list or a watch a request for that one
    /// (`~/apiserver/pkg/endpoints/request/requestinfo.go`).
    func authorise(
        _ account: Account, _ verb: String, _ target: ResourceTarget, only selector: String?
    ) throws(APIFailure) {
        let resource = target.subresource.map { "\(target.resource.name)/\($0)" } ?? target.resource.name
        let request = Account.Request(
            verb: verb, group: target.resource.group, resource: resource, namespace: target.namespace,
            name: target.name ?? Self.name(in: selector))
        guard !account.permits(request) else { return }
        let place = target.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(target.namespace)\""
        throw .forbidden(
            target.resource, target.name,
            "User \"\(account.user)\" cannot \(verb) resource \"\(resource)\" in API group \"\(target.resource.group)\" \(place)"
        )
    }

    private static func name(in selector: String?) -> String {
        guard let selector, let equals = selector.range(of: "metadata.name="), equals.lowerBound == selector.startIndex
        else { return "" }
        let name = selector[equals.upperBound...].drop { $0 == "=" }
        return name.contains { ",!=".contains($0) } ? "" : String(name)
    }
}
