internal import Crypto
internal import Foundation

/// A public key as SSH writes it: a type and a blob that starts with the type again.
struct HostKey: Hashable, Sendable {
    /// The key in the wire format.
    let blob: [UInt8]

    /// Such as `ssh-ed25519`; the first string of the blob.
    var type: String {
        var reader = WireReader(blob)
        return reader.text() ?? "unknown"
    }

    /// `SHA256:…`, as ssh-keygen -l prints it.
    var fingerprint: String {
        let digest = Data(SHA256.hash(data: blob)).base64EncodedString()
        return "SHA256:" + digest.prefix { $0 != "=" }
    }

    /// The key as a known_hosts line has it: type and base64.
    var text: String { "\(type) \(Data(blob).base64EncodedString())" }
}
