internal import Crypto
internal import FleetModel
internal import Foundation
internal import _CryptoExtras

/// OpenSSH's own private key format (PROTOCOL.key).
struct OpenSSHKey {
    let file: PrivateKeyFile

    func key(armoured text: String) throws -> PrivateKey {
        guard let bytes = PrivateKeyFile.armour(text) else { throw file.unusable("its base64 is broken") }
        var reader = WireReader(bytes)
        guard reader.bytes(15) == Array("openssh-key-v1\0".utf8), let cipher = reader.text(), let kdf = reader.text(),
            let options = reader.string(), reader.integer() == 1, reader.string() != nil, let body = reader.string()
        else { throw file.unusable("it is truncated, or holds several keys") }
        if cipher == "none" { return try key(decrypted: body) }
        return try key(decrypted: decrypt(body, cipher: cipher, kdf: kdf, options: options))
    }

    private func key(decrypted body: [UInt8]) throws -> PrivateKey {
        var reader = WireReader(body)
        guard let first = reader.integer(), let second = reader.integer(), first == second else {
            throw file.unusable("the passphrase is wrong")
        }
        guard let type = reader.text() else { throw file.unusable("it is truncated") }
        return try PrivateKey(material(type, &reader))
    }

    private func material(_ type: String, _ reader: inout WireReader) throws -> PrivateKey.Material {
        switch type {
        case "ssh-ed25519":
            _ = reader.string()
            return .ed25519(try Curve25519.Signing.PrivateKey(rawRepresentation: try field(&reader).prefix(32)))
        case "ecdsa-sha2-nistp256": return .p256(try P256.Signing.PrivateKey(rawRepresentation: scalar(&reader, 32)))
        case "ecdsa-sha2-nistp384": return .p384(try P384.Signing.PrivateKey(rawRepresentation: scalar(&reader, 48)))
        case "ecdsa-sha2-nistp521": return .p521(try P521.Signing.PrivateKey(rawRepresentation: scalar(&reader, 66)))
        case "ssh-rsa":
            let (n, e, d) = (try field(&reader), try field(&reader), try field(&reader))
            _ = reader.string()
            let (p, q) = (try field(&reader), try field(&reader))
            return .rsa(try _RSA.Signing.PrivateKey(n: n, e: e, d: d, p: p, q: q))
        default: throw file.unusable("its type \(type) is not supported")
        }
    }

    private func field(_ reader: inout WireReader) throws -> [UInt8] {
        guard let value = reader.string() else { throw file.unusable("it is truncated") }
        return value
    }

    /// The secret number of an ecdsa key, after its curve and public point, in exactly so many bytes.
    private func scalar(_ reader: inout WireReader, _ size: Int) throws -> [UInt8] {
        _ = reader.string()
        _ = reader.string()
        let digits = Array(try field(&reader).drop { $0 == 0 })
        guard digits.count <= size else { throw file.unusable("its secret number is too long") }
        return Array(repeating: 0, count: size - digits.count) + digits
    }

    private func decrypt(_ body: [UInt8], cipher: String, kdf: String, options: [UInt8]) throws -> [UInt8] {
        throw file.unusable("it is encrypted with \(cipher)")
    }
}
