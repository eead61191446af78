import FleetModel
import FleetWire
import Foundation

/// What a plugin answered.
struct ExecCredential: Hashable, Sendable {
    var token: Secret?
    var certificate: Secret?
    var key: Secret?
    /// Good until then; nil means until a 401.
    var expiresAt: Instant?

    /// There is no leeway, as in client-go.
    func isExpired(at now: Date) -> Bool {
        guard let expiresAt else { return false }
        return Instant(microseconds: Int64(now.timeIntervalSince1970 * 1_000_000)) >= expiresAt
    }

    /// Reads a plugin's standard output; messages never quote it.
    init(_ output: [UInt8], apiVersion: String) throws(ExecFailure) {
        guard let json = try? JSONValue(parsing: output) else { throw ExecFailure("did not print JSON") }
        guard json["kind"].string == "ExecCredential" else { throw ExecFailure("did not print an ExecCredential") }
        let printed = json["apiVersion"].string ?? ""
        guard printed == apiVersion else {
            throw ExecFailure("printed apiVersion \"\(printed)\" where \"\(apiVersion)\" was asked for")
        }
        let status = json["status"]
        if let text = status["token"].string {
            guard let read = BearerToken.read(text) else {
                throw ExecFailure("printed a token that \(BearerToken.objection)")
            }
            token = read.text.isEmpty ? nil : read
        }
        certificate = status["clientCertificateData"].string.map(Secret.init)
        key = status["clientKeyData"].string.map(Secret.init)
        guard (certificate == nil) == (key == nil) else {
            throw ExecFailure("printed only one of clientCertificateData and clientKeyData")
        }
        guard token != nil || certificate != nil else { throw ExecFailure("printed neither token nor certificate") }
        if let text = status["expirationTimestamp"].string {
            guard let instant = Timestamp.parse(text) else {
                throw ExecFailure("printed an unreadable expirationTimestamp")
            }
            expiresAt = instant
        }
    }
}

/// Why a plugin gave no credential.
struct ExecFailure: Error, Hashable, Sendable {
    var message: String

    init(_ message: String) { self.message = message }
}
