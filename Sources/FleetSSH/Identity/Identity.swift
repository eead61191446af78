/// A key that is offered to servers: what names it, what is sent, who signs.
struct Identity: Sendable {
    /// Who signs with it.
    enum Signer: Sendable {
        case key(PrivateKey)
        case agent(Agent, AgentKey)
    }

    /// For messages: the file's path, or the agent's comment.
    let name: String
    /// The public key or certificate, under the algorithm's name that the signature will have.
    let blob: [UInt8]
    let signer: Signer
}

extension Identity {
    /// A key read from a file.
    init(path: String, key: PrivateKey) { self.init(name: path, blob: key.blob, signer: .key(key)) }

    /// The same signer, under a certificate of its key.
    func certified(by certificate: UserCertificate) -> Identity {
        Identity(name: certificate.path, blob: certificate.blob, signer: signer)
    }

    /// The public key without a certificate; an RSA key goes by the name of its signature.
    var publicKey: [UInt8] {
        switch signer {
        case .key(let key): key.blob
        case .agent(_, let key): key.blob
        }
    }

    /// A key that an agent holds.
    init(_ key: AgentKey, of agent: Agent) {
        let name = "\(key.comment.isEmpty ? key.type : key.comment) (agent)"
        self.init(name: name, blob: Self.offered(key.blob), signer: .agent(agent, key))
    }

    /// libssh2 takes the signature's algorithm from the blob's first string, and OpenSSH accepts no SHA-1 any more.
    private static func offered(_ blob: [UInt8]) -> [UInt8] {
        var reader = WireReader(blob)
        guard reader.text() == "ssh-rsa" else { return blob }
        var writer = WireWriter()
        writer.text("rsa-sha2-512")
        return writer.bytes + reader.rest
    }
}

/// The identities of an endpoint that can be used, and why the others cannot.
struct Identities: Sendable {
    var usable: [Identity] = []
    /// Sentences.
    var unusable: [String] = []
}

/// Which public keys this libssh2 can prove to be the user's.
enum KeySupport {
    /// Why a key cannot be offered; nil when it can.
    static func objection(to type: String, hasModernLibrary: Bool, version: String) -> String? {
        switch type {
        case "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
            "rsa-sha2-512":
            return nil
        case "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
            "ecdsa-sha2-nistp521-cert-v01@openssh.com":
            return nil
        case "ssh-ed25519-cert-v01@openssh.com":
            return hasModernLibrary
                ? nil
                : "libssh2 \(version) cannot use ed25519 certificates; 1.11 can, and ecdsa keys with certificates work"
        case "ssh-rsa-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com":
            return "RSA certificates are not supported: libssh2 \(version) would prove them with SHA-1, which today's "
                + "servers refuse; have an ecdsa key certified"
        case "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
            "sk-ssh-ed25519-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com":
            return "keys on FIDO tokens (\(type)) are not supported, since each login would wait for a touch; "
                + "use an ed25519 key for fleet"
        case "ssh-dss": return "DSA keys are refused by today's servers"
        default: return "keys of the type \(type) are not supported"
        }
    }
}
