import FleetModel
import FleetWire
import Foundation

/// Obtains a connection's credentials and keeps them fresh (semantics 9).
///
/// Token files are read again after a while and after a refusal, certificate files too. A plugin runs when nothing is
/// cached, when its credential has expired, and after a 401; runs are serialised, callers share one.
actor CredentialSource {
    private let connection: ClusterConnection
    private let runner: ExecRunner
    private let reloadInterval: Duration
    private var cached: (credential: Credential, readAt: ContinuousClock.Instant)?
    private var execCredential: ExecCredential?
    private var generation = 0
    private var refresh: Task<Result<Credential, ClusterFailure>, Never>?

    init(connection: ClusterConnection, runner: ExecRunner, reloadInterval: Duration) {
        self.connection = connection
        self.runner = runner
        self.reloadInterval = reloadInterval
    }

    /// The credential for the next request.
    func current() async throws(ClusterFailure) -> Credential {
        if let cached, isFresh(cached.readAt) { return cached.credential }
        return try await renewed().get()
    }

    /// Obtains a new credential after a 401; nil when there is nothing but the refused one.
    func replacement(for refused: Credential) async throws(ClusterFailure) -> Credential? {
        if let cached, cached.credential.generation != refused.generation,
            cached.credential.authorization != refused.authorization || cached.credential.identity != refused.identity
        {
            return cached.credential
        }
        execCredential = nil
        cached = nil
        let credential = try await renewed().get()
        let isNew = credential.authorization != refused.authorization || credential.identity != refused.identity
        return isNew ? credential : nil
    }

    private func isFresh(_ readAt: ContinuousClock.Instant) -> Bool {
        if case .exec = connection.authentication { return execCredential.map { !$0.isExpired(at: Date()) } ?? false }
        return ContinuousClock.now - readAt < reloadInterval
    }

    /// Callers that come while a credential is being obtained wait for that one; a task of its own lets it outlive
    /// the caller that happened to come first.
    private func renewed() async -> Result<Credential, ClusterFailure> {
        if let refresh { return await refresh.value }
        let task = Task { await self.obtain() }
        refresh = task
        let result = await task.value
        refresh = nil
        return result
    }

    private func obtain() async -> Result<Credential, ClusterFailure> {
        do throws(ClusterFailure) {
            var credential = Credential()
            credential.identity.authorities = try read(connection.certificateAuthority, "certificate authority")
            credential.identity.certificate = try read(connection.clientCertificate, "client certificate")
            credential.identity.key = try read(connection.clientKey, "client key")
            try await authorize(&credential)
            if credential.authorization != cached?.credential.authorization
                || credential.identity != cached?.credential.identity || cached == nil
            {
                generation += 1
            }
            credential.generation = generation
            cached = (credential, .now)
            return .success(credential)
        } catch {
            return .failure(error)
        }
    }

    private func authorize(_ credential: inout Credential) async throws(ClusterFailure) {
        switch connection.authentication {
        case .none: break
        case .token(let token): credential.authorization = Secret("Bearer \(token.text)")
        case .tokenFile(let path, let fallback):
            guard let token = try token(in: path) ?? fallback else {
                throw failure("the token file \(path) cannot be read or is empty")
            }
            credential.authorization = Secret("Bearer \(token.text)")
        case .basic(let user, let password):
            credential.authorization = Secret("Basic \(Data("\(user):\(password.text)".utf8).base64EncodedString())")
        case .exec(let plugin):
            let obtained = try await execute(plugin)
            credential.authorization = obtained.token.map { Secret("Bearer \($0.text)") }
            credential.identity.certificate = obtained.certificate ?? credential.identity.certificate
            credential.identity.key = obtained.key ?? credential.identity.key
        }
    }

    private func execute(_ plugin: ExecPlugin) async throws(ClusterFailure) -> ExecCredential {
        if let execCredential, !execCredential.isExpired(at: Date()) { return execCredential }
        do throws(ExecFailure) {
            let obtained = try await runner.run(plugin)
            execCredential = obtained
            return obtained
        } catch {
            throw failure(error.message)
        }
    }

    private func token(in path: String) throws(ClusterFailure) -> Secret? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        guard let token = BearerToken.read(String(decoding: data, as: UTF8.self)) else {
            throw failure("the token file \(path) \(BearerToken.objection)")
        }
        return token.text.isEmpty ? nil : token
    }

    private func read(_ source: ClusterConnection.PEMSource?, _ what: String) throws(ClusterFailure) -> Secret? {
        switch source {
        case nil: return nil
        case .inline(let text): return text
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw failure("the \(what) \(path) cannot be read")
            }
            return Secret(String(decoding: data, as: UTF8.self))
        }
    }

    private func failure(_ message: String) -> ClusterFailure {
        ClusterFailure(.credentials, message: "user \"\(connection.user)\": \(message)")
    }
}
