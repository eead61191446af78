import FleetModel
import FleetWire
import Foundation

/// kube-controller-manager's bootstrap signer: for each token that may sign, `cluster-info` carries a detached JWS of its
/// kubeconfig (`~/pkg/controller/bootstrap/bootstrapsigner.go`, `~/staging/src/k8s.io/cluster-bootstrap/token/jws/jws.go`).
enum BootstrapSigner {
    private static let prefix = "jws-kubeconfig-"

    /// `cluster-info` with the signatures of the tokens that are there, and of no others.
    static func signed(_ clusterInfo: JSONValue, by secrets: [JSONValue]) -> JSONValue {
        guard let content = clusterInfo["data"]["kubeconfig"].string else { return clusterInfo }
        var data = clusterInfo["data"].strings.filter { !$0.key.hasPrefix(prefix) }
        for secret in secrets {
            guard secret["type"] == "bootstrap.kubernetes.io/token",
                text(secret, "usage-bootstrap-signing") == "true", let id = text(secret, "token-id"),
                let key = text(secret, "token-secret")
            else { continue }
            data[prefix + id] = signature(of: content, id: id, secret: key)
        }
        var signed = clusterInfo
        signed["data"] = JSONValue(data)
        return signed
    }

    /// `HEADER..SIGNATURE`: HS256 (RFC 7515, appendix F) under the token's secret half.
    static func signature(of content: String, id: String, secret: String) -> String {
        let header = base64URL(#"{"alg":"HS256","kid":"\#(id)"}"#.utf8)
        let signed = "\(header).\(base64URL(content.utf8))"
        return "\(header)..\(base64URL(authentication(of: signed.utf8, key: Array(secret.utf8))))"
    }

    private static func text(_ secret: JSONValue, _ key: String) -> String? {
        secret["data"][key].string.flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// HMAC-SHA256 (RFC 2104) under a key of at most 64 bytes.
    private static func authentication(of message: some Sequence<UInt8>, key: [UInt8]) -> [UInt8] {
        let block = key + [UInt8](repeating: 0, count: max(0, 64 - key.count))
        return digest(block.map { $0 ^ 0x5c } + digest(block.map { $0 ^ 0x36 } + message))
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = ContentDigest()
        digest.update(bytes)
        let digits = digest.hexadecimal.utf8.map { UInt8($0 < 58 ? $0 - 48 : $0 - 87) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension Registry {
    private static let clusterInfo = StorageKey(namespace: "kube-public", name: "cluster-info")

    /// The `data` of `cluster-info`; empty where there is none.
    var clusterInfoData: [String: String] {
        store.object(StorageKind(group: "", name: "configmaps"), Self.clusterInfo)?.json["data"].strings ?? [:]
    }

    /// Lets the bootstrap signer do its work.
    mutating func signClusterInfo() {
        let storage = StorageKind(group: "", name: "configmaps")
        guard let stored = store.object(storage, Self.clusterInfo)?.json else { return }
        let secrets = store.list(StorageKind(group: "", name: "secrets"), namespace: "kube-system").map(\.json)
        let signed = BootstrapSigner.signed(stored, by: secrets)
        if signed["data"].strings != stored["data"].strings { put(storage, Self.clusterInfo, signed) }
    }
}
