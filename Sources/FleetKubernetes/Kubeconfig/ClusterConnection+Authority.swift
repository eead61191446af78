import FleetModel
import Foundation

extension ClusterConnection {
    /// SHA-256 of the DER of each CA certificate that the kubeconfig names, lowercase hexadecimal; empty without any,
    /// or where its file cannot be read.
    ///
    /// Hosts of the cluster carry one of them in their kubelet's configuration.
    public var certificateAuthorityDigests: [String] {
        guard let certificateAuthority else { return [] }
        let pem: String? =
            switch certificateAuthority {
            case .inline(let secret): secret.text
            case .file(let path): try? String(contentsOfFile: path, encoding: .utf8)
            }
        return Self.certificates(in: pem ?? "").map { der in
            var digest = ContentDigest()
            digest.update(der)
            return digest.hexadecimal
        }
    }

    static func certificates(in pem: String) -> [[UInt8]] {
        pem.components(separatedBy: "-----BEGIN CERTIFICATE-----").dropFirst().compactMap { block in
            let body = block.components(separatedBy: "-----END CERTIFICATE-----").first ?? ""
            return Data(base64Encoded: body, options: .ignoreUnknownCharacters).map(Array.init)
        }
    }
}
