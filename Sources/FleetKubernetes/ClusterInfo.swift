public import FleetModel
import FleetWire
import Foundation
import Yams

/// What kubeadm publishes of a cluster for those who want to join it: `cluster-info` in `kube-public`.
public struct ClusterInfo: Hashable, Sendable {
    /// `host:port` of the API server.
    public var endpoint: String
    /// `sha256:HEX` of each CA's public key, as `kubeadm join` pins it.
    public var authorityPins: [String]
    /// SHA-256 of each CA's DER, lowercase hexadecimal.
    public var authorityDigests: [String]
}

extension KubernetesClient {
    /// Reads `cluster-info`; nil where the cluster has none, which kubeadm did not make then.
    ///
    /// Throws where it cannot be read, or does not say what it should.
    public func clusterInfo() async throws(ClusterFailure) -> ClusterInfo? {
        guard let json = try await clusterInfoData() else { return nil }
        guard let info = ClusterInfo(kubeconfig: json["kubeconfig"].string ?? "") else {
            throw ClusterFailure(
                .malformed, subject: Self.clusterInfoSubject,
                message: "its kubeconfig names no server and CA that a host could join by")
        }
        return info
    }

    /// Whether the control plane has signed `cluster-info` for a token, as kubeadm's discovery asks for it.
    func signs(tokenID: String) async throws(ClusterFailure) -> Bool {
        try await clusterInfoData()?["jws-kubeconfig-\(tokenID)"].string?.isEmpty == false
    }

    private static let clusterInfoSubject = "read ConfigMap kube-public/cluster-info"

    /// Its `data`; nil where there is none.
    private func clusterInfoData() async throws(ClusterFailure) -> JSONValue? {
        let request = APIRequest(.get, APIResource.configMaps.path(namespace: "kube-public", name: "cluster-info"))
        do throws(ClusterFailure) {
            return try await read(request, subject: Self.clusterInfoSubject)["data"]
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }
}

extension ClusterInfo {
    init?(kubeconfig text: String) {
        // kubeadm gives the cluster an empty name, which no other kubeconfig may have.
        guard BoundedYAML.isHarmless(text),
            let cluster = (try? Yams.compose(yaml: text))?["clusters"]?.sequence?.first?["cluster"],
            let server = cluster["server"]?.text.flatMap(URL.init(string:)), let host = server.host(),
            let authority = cluster["certificate-authority-data"]?.text,
            let data = Data(base64Encoded: authority, options: .ignoreUnknownCharacters)
        else { return nil }
        let certificates = ClusterConnection.certificates(in: String(decoding: data, as: UTF8.self))
        let keys = certificates.compactMap(SubjectPublicKey.info)
        guard !keys.isEmpty, keys.count == certificates.count else { return nil }
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        endpoint = "\(name):\(server.port ?? (server.scheme == "http" ? 80 : 443))"
        authorityPins = keys.map { "sha256:\(Self.digest($0))" }
        authorityDigests = certificates.map { Self.digest($0[...]) }
    }

    private static func digest(_ bytes: ArraySlice<UInt8>) -> String {
        var digest = ContentDigest()
        digest.update(bytes)
        return digest.hexadecimal
    }
}
