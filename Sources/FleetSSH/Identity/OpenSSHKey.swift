internal import Crypto
internal import FleetModel
internal import Foundation
internal import _CryptoExtras

/// OpenSSH's own private key format (PROTOCOL.key).
struct OpenSSHKey {
    let file: PrivateKeyFile

    /// The public key, which is not encrypted; nil when the text is in another format.
    static func publicKey(armoured text: String) -> [UInt8]? {
        guard text.contains("-----BEGIN OPENSSH PRIVATE KEY-----"), let bytes = PrivateKeyFile.armour(text) else {
            return nil
        }
        var reader = WireReader(bytes)
        guard reader.bytes(15) == Array("openssh-key-v1\0".utf8), reader.string() != nil, reader.string() != nil,
            reader.string() != nil, reader.integer() == 1
        else { return nil }
        return reader.string()
    }

    func key(
        armoured text: String, passphrase: @Sendable (_ path: String) async -> Secret?
    ) async throws -> PrivateKey {
        guard let bytes = PrivateKeyFile.armour(text) else { throw file.unusable("its base64 is broken") }
        var reader = WireReader(bytes)
        guard reader.bytes(15) == Array("openssh-key-v1\0".utf8), let cipher = reader.text(), let kdf = reader.text(),
            let options = reader.string(), reader.integer() == 1, reader.string() != nil, let body = reader.string()
        else { throw file.unusable("it is truncated, or holds several keys") }
        if cipher == "none" { return try key(decrypted: body) }
        guard let secret = await passphrase(file.path) else {
            throw file.unusable("it is encrypted, and no passphrase was given")
        }
        let decryption = Decryption(file: file, cipher: cipher, kdf: kdf, options: options, secret: secret)
        return try key(decrypted: decryption.decrypt(body, Array(reader.rest)))
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
        default: throw file.unusable(SSHLibrary.objection(to: type) ?? "keys of the type \(type) are not supported")
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
}

/// How an encrypted private key is opened.
private struct Decryption {
    let file: PrivateKeyFile
    let cipher: String
    let kdf: String
    let options: [UInt8]
    let secret: Secret

    func decrypt(_ body: [UInt8], _ tag: [UInt8]) throws -> [UInt8] {
        let (key, nonce) = try material()
        switch cipher {
        case "aes256-cbc":
            return Array(try AES._CBC.decrypt(body, using: key, iv: AES._CBC.IV(ivBytes: nonce), noPadding: true))
        case "aes256-gcm@openssh.com":
            let box = try AES.GCM.SealedBox(nonce: AES.GCM.Nonce(data: nonce), ciphertext: body, tag: tag)
            guard let opened = try? AES.GCM.open(box, using: key) else {
                throw file.unusable("the passphrase is wrong")
            }
            return Array(opened)
        default:
            return Array(try AES._CTR.decrypt(body, using: key, nonce: AES._CTR.Nonce(nonceBytes: nonce)))
        }
    }

    private func material() throws -> (SymmetricKey, ArraySlice<UInt8>) {
        var reader = WireReader(options)
        guard kdf == "bcrypt", let salt = reader.string(), let rounds = reader.integer() else {
            throw file.unusable("its passphrase derivation \(kdf) is not supported")
        }
        guard rounds <= 65_536 else {
            throw file.unusable("its passphrase derivation takes \(rounds) rounds, which would take for ever")
        }
        let sizes = [
            "aes256-ctr": 48, "aes256-cbc": 48, "aes192-ctr": 40, "aes128-ctr": 32, "aes256-gcm@openssh.com": 44,
        ]
        guard let size = sizes[cipher] else {
            let mend = "ssh-keygen -p -Z aes256-ctr -f \(file.path) changes it"
            throw file.unusable("its cipher \(cipher) is not supported; \(mend)")
        }
        let bytes = secret.reveal { Bcrypt.key(passphrase: Array($0.utf8), salt: salt, rounds: rounds, count: size) }
        let nonceSize = cipher.contains("gcm") ? 12 : 16
        return (SymmetricKey(data: bytes.dropLast(nonceSize)), bytes.suffix(nonceSize))
    }
}
