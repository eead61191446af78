public import FleetModel
import FleetWire
import Foundation

extension KubernetesClient {
    /// The bootstrap tokens of the cluster; throws `forbidden` where Secrets of kube-system may not be listed.
    public func bootstrapTokens() async throws(ClusterFailure) -> [StandingToken] {
        try await read(.bootstrapTokens, subject: "list bootstrap tokens")["items"].elements
            .compactMap(StandingToken.init)
    }
}

extension StandingToken {
    /// Reads a Secret's public parts; nil for one that is no bootstrap token by its name.
    fileprivate init?(_ secret: JSONValue) {
        let metadata = secret["metadata"]
        let prefix = APIRequest.bootstrapTokenPrefix
        guard let name = metadata["name"].string, name.hasPrefix(prefix) else { return nil }
        func text(_ key: String) -> String? {
            secret["data"][key].string.flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
        }
        self.init(
            id: String(name.dropFirst(prefix.count)), note: metadata["annotations"]["fleet.run/temporary"].string,
            description: text("description") ?? "", expiresAt: text("expiration").flatMap(Timestamp.parse))
    }
}
