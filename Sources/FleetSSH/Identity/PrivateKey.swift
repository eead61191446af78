internal import Crypto
internal import Foundation
internal import _CryptoExtras

/// A user's private key, parsed once and shared by every session; it signs, and never shows itself.
struct PrivateKey: Sendable {
    enum Material: Sendable {
        case ed25519(Curve25519.Signing.PrivateKey)
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    let material: Material
    /// The public key in the wire format, under the algorithm's name that the signature will have.
    let blob: [UInt8]

    init(_ material: Material) throws {
        self.material = material
        blob = try Self.blob(of: material)
    }

    /// The signature of a message, without the algorithm's name around it.
    func signature(of message: UnsafeRawBufferPointer) throws -> [UInt8] {
        switch material {
        case .ed25519(let key): return Array(try key.signature(for: Data(message)))
        case .p256(let key): return Self.pair(try key.signature(for: Data(message)).rawRepresentation)
        case .p384(let key): return Self.pair(try key.signature(for: Data(message)).rawRepresentation)
        case .p521(let key): return Self.pair(try key.signature(for: Data(message)).rawRepresentation)
        case .rsa(let key):
            let digest = SHA512.hash(data: Data(message))
            return Array(try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
        }
    }

    /// An ECDSA signature as SSH writes it: two numbers (RFC 5656, 3.1.2).
    private static func pair(_ raw: Data) -> [UInt8] {
        var writer = WireWriter()
        writer.number(raw.prefix(raw.count / 2))
        writer.number(raw.suffix(raw.count / 2))
        return writer.bytes
    }

    private static func blob(of material: Material) throws -> [UInt8] {
        switch material {
        case .ed25519(let key):
            var writer = WireWriter()
            writer.text("ssh-ed25519")
            writer.string(Array(key.publicKey.rawRepresentation))
            return writer.bytes
        case .p256(let key): return ecdsa("nistp256", key.publicKey.x963Representation)
        case .p384(let key): return ecdsa("nistp384", key.publicKey.x963Representation)
        case .p521(let key): return ecdsa("nistp521", key.publicKey.x963Representation)
        case .rsa(let key): return try rsa(key)
        }
    }

    private static func ecdsa(_ curve: String, _ point: Data) -> [UInt8] {
        var writer = WireWriter()
        writer.text("ecdsa-sha2-\(curve)")
        writer.text(curve)
        writer.string(Array(point))
        return writer.bytes
    }

    /// libssh2 takes the algorithm from the blob's first string: naming rsa-sha2-512 there makes 1.10, which knows only
    /// SHA-1, send a signature that today's servers accept.
    private static func rsa(_ key: _RSA.Signing.PrivateKey) throws -> [UInt8] {
        let numbers = try key.publicKey.getKeyPrimitives()
        var writer = WireWriter()
        writer.text("rsa-sha2-512")
        writer.number(numbers.publicExponent)
        writer.number(numbers.modulus)
        return writer.bytes
    }
}
