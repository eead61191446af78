internal import FleetModel
internal import Foundation
internal import NIOConcurrencyHelpers

/// Reads every private key file once, and decrypts it once; an actor, so that a slow decryption is waited for, not
/// repeated.
actor IdentityStore {
    /// What makes up the identities of an endpoint.
    struct Request: Hashable, Sendable {
        var files: [String]
        var certificates: [String] = []
        var agentSocket: String?
        var usesOnlyFiles: Bool
    }

    private let passphrase: @Sendable (_ path: String) async -> Secret?
    private let makeAgent: @Sendable (_ socket: String) async -> Agent?
    private var files: [String: Task<File, Never>] = [:]
    private var agents: [String: Task<Agent?, Never>] = [:]
    private var known: [Request: Task<Identities, Never>] = [:]
    /// What is known for good: asked once for each connection, without a hop between threads.
    private let gathered = NIOLockedValueBox<[Request: Identities]>([:])

    /// What a private key file comes to.
    private struct File: Sendable {
        var identities: [Identity] = []
        var unusable: [String] = []
    }

    init(
        passphrase: @escaping @Sendable (_ path: String) async -> Secret?,
        makeAgent: @escaping @Sendable (_ socket: String) async -> Agent?
    ) {
        self.passphrase = passphrase
        self.makeAgent = makeAgent
    }

    /// The keys of files in their order, each by the agent where that holds it; then the agent's others.
    ///
    /// Certificates are read anew each time: they live for hours, and are renewed while a run goes on.
    nonisolated func identities(_ request: Request) async -> Identities {
        var identities: Identities
        if let known = gathered.withLockedValue({ $0[request] }) {
            identities = known
        } else {
            identities = await gatherOnce(request)
            gathered.withLockedValue { [identities] in $0[request] = identities }
        }
        Self.certify(&identities, request)
        return identities
    }

    private func gatherOnce(_ request: Request) async -> Identities {
        if let task = known[request] { return await task.value }
        let task = Task { await gather(request) }
        known[request] = task
        return await task.value
    }

    /// Hangs up on the agents.
    func close() async {
        for agent in agents.values { await agent.value?.close() }
    }

    private func gather(_ request: Request) async -> Identities {
        var found = Identities()
        var offers = await agentOffers(request.agentSocket, &found)
        for path in request.files {
            if let blob = Self.publicKey(path), let offer = offers.first(where: { $0.key.blob == blob }) {
                offers.removeAll { $0.key.blob == blob }
                found.usable.append(Identity(offer.key, of: offer.agent))
                continue
            }
            let file = await file(path)
            found.usable += file.identities
            found.unusable += file.unusable
        }
        if !request.usesOnlyFiles { found.usable += offers.map { Identity($0.key, of: $0.agent) } }
        return found
    }

    /// Offers a certificate before the plain key: those named, and `id_ecdsa-cert.pub` beside `id_ecdsa`, as ssh(1)
    /// looks for it.
    private static func certify(_ found: inout Identities, _ request: Request) {
        var certificates: [UserCertificate] = []
        let beside = request.files.map { "\($0)-cert.pub" }.filter { !request.certificates.contains($0) }
        for path in request.certificates + beside.filter(FileManager.default.fileExists) {
            let certificate = blob(ofLineIn: path).flatMap { UserCertificate($0, path: path) }
            let isThere = FileManager.default.isReadableFile(atPath: path)
            let objection =
                certificate.map { $0.objection(at: Date(), library: SSHLibrary.objection) }
                ?? (isThere ? "it is no certificate" : "it cannot be read")
            if let objection {
                found.unusable.append("the certificate \(path) is left out: \(objection)")
            } else if let certificate {
                certificates.append(certificate)
            }
        }
        found.usable = found.usable.flatMap { identity in
            let key = identity.publicKey
            return certificates.filter { $0.key == key }.map(identity.certified) + [identity]
        }
    }

    private func agentOffers(
        _ socket: String?, _ found: inout Identities
    ) async -> [(agent: Agent, key: AgentKey)] {
        guard let socket, let agent = await agent(socket) else { return [] }
        switch await agent.keys() {
        case .failure(let failure):
            found.unusable.append(failure.words)
            return []
        case .success(let keys):
            var offers: [(agent: Agent, key: AgentKey)] = []
            for key in keys {
                if let objection = SSHLibrary.objection(to: key.type) {
                    found.unusable.append("the agent's key \(key.comment): \(objection)")
                } else {
                    offers.append((agent, key))
                }
            }
            return offers
        }
    }

    private func agent(_ socket: String) async -> Agent? {
        if let task = agents[socket] { return await task.value }
        let task = Task { [makeAgent] in await makeAgent(socket) }
        agents[socket] = task
        return await task.value
    }

    private func file(_ path: String) async -> File {
        if let task = files[path] { return await task.value }
        let task = Task { await read(path) }
        files[path] = task
        return await task.value
    }

    private func read(_ path: String) async -> File {
        let reader = PrivateKeyFile(path: path)
        do throws(HostRefusal) {
            let key = try await reader.key(in: try Self.text(of: path, reader), passphrase: passphrase)
            return File(identities: [Identity(path: path, key: key)])
        } catch {
            return File(unusable: [error.message])
        }
    }

    private static func text(of path: String, _ file: PrivateKeyFile) throws(HostRefusal) -> String {
        do { return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self) } catch {
            throw file.unusable(
                FileManager.default.fileExists(atPath: path) ? "it cannot be read" : "there is no such file")
        }
    }

    /// The public half, without decrypting anything: from the file's own beginning, else from `….pub` beside it.
    private static func publicKey(_ path: String) -> [UInt8]? {
        if let text = try? String(contentsOfFile: path, encoding: .utf8),
            let blob = OpenSSHKey.publicKey(armoured: text)
        {
            return blob
        }
        return blob(ofLineIn: "\(path).pub") ?? blob(ofLineIn: path)
    }

    private static func blob(ofLineIn path: String) -> [UInt8]? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count >= 2, let data = Data(base64Encoded: String(words[1])) else { return nil }
        var reader = WireReader(data)
        return reader.text() == String(words[0]) ? Array(data) : nil
    }
}
