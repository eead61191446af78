internal import Foundation

/// A public key that an authority has signed for a user (OpenSSH's PROTOCOL.certkeys).
struct UserCertificate: Sendable {
    /// The file it came from, or the agent's name for it; for messages.
    let path: String
    /// What is sent.
    let blob: [UInt8]
    /// Such as `ecdsa-sha2-nistp256-cert-v01@openssh.com`.
    let type: String
    /// The public key that it certifies, in the wire format.
    let key: [UInt8]
    private let isForUsers: Bool
    /// Seconds since 1970; the first in which it is valid, and the first in which it no longer is.
    private let validity: (from: UInt64, until: UInt64)

    private static let suffix = "-cert-v01@openssh.com"

    /// Reads the wire format; nil where it is no certificate.
    init?(_ blob: [UInt8], path: String) {
        var reader = WireReader(blob)
        guard let type = reader.text(), type.hasSuffix(Self.suffix), reader.string() != nil else { return nil }
        var key = WireWriter()
        key.text(String(type.dropLast(Self.suffix.count)))
        // A curve and a point, or an exponent and a modulus; one string of a kind that is told apart by its name alone.
        for _ in 0..<(type.hasPrefix("ssh-ed25519") ? 1 : 2) {
            guard let field = reader.string() else { return nil }
            key.string(field)
        }
        guard reader.integer() != nil, reader.integer() != nil, let use = reader.integer(), reader.string() != nil,
            reader.string() != nil, let from = reader.long(), let until = reader.long()
        else { return nil }
        (self.path, self.blob, self.type, self.key) = (path, blob, type, key.bytes)
        isForUsers = use == 1
        validity = (from, until)
    }

    /// Why it cannot be offered now; nil when it can.
    func objection(at now: Date, library: (String) -> String?) -> String? {
        if let objection = library(type) { return objection }
        guard isForUsers else { return "it is a certificate for hosts" }
        let seconds = UInt64(max(0, now.timeIntervalSince1970))
        if seconds < validity.from { return "it is valid from \(Self.text(validity.from)) on only, by the clock here" }
        if seconds >= validity.until { return "it expired at \(Self.text(validity.until)); have it signed anew" }
        return nil
    }

    private static func text(_ seconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }
}

extension WireReader {
    /// Eight bytes.
    fileprivate mutating func long() -> UInt64? {
        guard let high = integer(), let low = integer() else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }
}
