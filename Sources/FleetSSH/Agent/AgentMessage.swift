/// The messages of the agent protocol that fleet speaks (draft-miller-ssh-agent): list the keys, sign with one.
enum AgentMessage {
    private static let requestIdentities: UInt8 = 11
    private static let identitiesAnswer: UInt8 = 12
    private static let signRequest: UInt8 = 13
    private static let signResponse: UInt8 = 14
    /// `SSH_AGENT_RSA_SHA2_512`: without it an agent signs for RSA with SHA-1.
    private static let sha512: UInt32 = 4

    /// Asks for the keys.
    static let list: [UInt8] = [requestIdentities]

    /// Asks for a signature.
    static func sign(_ message: [UInt8], with key: AgentKey) -> [UInt8] {
        var writer = WireWriter()
        writer.string(key.blob)
        writer.string(message)
        writer.integer(key.type == "ssh-rsa" ? sha512 : 0)
        return [signRequest] + writer.bytes
    }

    /// The keys of an answer; nil when it is no such answer.
    static func keys(in answer: [UInt8]) -> [AgentKey]? {
        guard answer.first == identitiesAnswer else { return nil }
        var reader = WireReader(answer.dropFirst())
        guard let count = reader.integer(), count <= 10_000 else { return nil }
        var keys: [AgentKey] = []
        for _ in 0..<count {
            guard let blob = reader.string(), let comment = reader.text() else { return nil }
            keys.append(AgentKey(blob: blob, comment: comment))
        }
        return keys
    }

    /// The signature of an answer, without the algorithm's name around it; nil when the agent refused.
    static func signature(in answer: [UInt8]) -> [UInt8]? {
        guard answer.first == signResponse else { return nil }
        var reader = WireReader(answer.dropFirst())
        guard let whole = reader.string() else { return nil }
        var inner = WireReader(whole)
        guard inner.string() != nil else { return nil }
        return inner.string()
    }
}
