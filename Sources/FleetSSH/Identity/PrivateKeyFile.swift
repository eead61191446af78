internal import Crypto
internal import FleetModel
internal import Foundation
internal import _CryptoExtras

/// Reads private key files: OpenSSH's own format, PEM and PKCS #8.
struct PrivateKeyFile {
    /// For messages.
    let path: String

    /// The key in the file's text; the passphrase is asked for only when the text turns out to be encrypted.
    func key(
        in text: String, passphrase: @Sendable (_ path: String) async -> Secret?
    ) async throws(HostRefusal) -> PrivateKey {
        guard let label = text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix("-----BEGIN ") }) else {
            throw unusable("it has no -----BEGIN … PRIVATE KEY----- line")
        }
        do {
            if label.contains("OPENSSH PRIVATE KEY") {
                return try await OpenSSHKey(file: self).key(armoured: text, passphrase: passphrase)
            }
            if label.contains("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
                throw unusable("encrypted PEM is not read; convert it with ssh-keygen -p -f \(path)")
            }
            return try PrivateKey(material(pem: text))
        } catch let refusal as HostRefusal {
            throw refusal
        } catch {
            throw unusable("it cannot be parsed (\(error))")
        }
    }

    /// A refusal to use the file.
    func unusable(_ reason: String) -> HostRefusal {
        HostRefusal(.identityUnusable, "the private key \(path) cannot be used: \(reason)")
    }

    private func material(pem: String) throws -> PrivateKey.Material {
        if let key = ed25519(pem: pem) { return .ed25519(key) }
        if let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) { return .p256(key) }
        if let key = try? P384.Signing.PrivateKey(pemRepresentation: pem) { return .p384(key) }
        if let key = try? P521.Signing.PrivateKey(pemRepresentation: pem) { return .p521(key) }
        if let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem) { return .rsa(key) }
        throw unusable("it is none of ed25519, ecdsa (256, 384, 521) and RSA of 2048 bits or more")
    }

    /// RFC 8410: a fixed prefix, then the 32 bytes of the seed.
    private func ed25519(pem: String) -> Curve25519.Signing.PrivateKey? {
        let prefix: [UInt8] = [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
        ]
        guard let der = Self.armour(pem), der.count == 48, der.starts(with: prefix) else { return nil }
        return try? Curve25519.Signing.PrivateKey(rawRepresentation: der.suffix(32))
    }

    /// The bytes between the BEGIN and END lines.
    static func armour(_ text: String) -> Data? {
        let lines = text.split(whereSeparator: \.isNewline).drop { !$0.hasPrefix("-----BEGIN ") }.dropFirst()
        let body = lines.prefix { !$0.hasPrefix("-----END ") }.joined()
        return Data(base64Encoded: body, options: .ignoreUnknownCharacters)
    }
}
