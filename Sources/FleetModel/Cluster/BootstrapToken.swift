/// A token with which one host joins the cluster: a Secret of kube-system (kubeadm's TLS bootstrap).
public struct BootstrapToken: Hashable, Sendable, Codable {
    /// The public half: six small letters or digits.
    public var id: String
    /// The secret half: sixteen small letters or digits.
    public var secret: SecretText
    /// From then on the API refuses it, and the token cleaner deletes it.
    public var expiresAt: Instant
    /// The run that made it, for who finds it (safety rule 23).
    public var run: String

    /// A token.
    public init(id: String, secret: SecretText, expiresAt: Instant, run: String) {
        self.id = id
        self.secret = secret
        self.expiresAt = expiresAt
        self.run = run
    }

    /// `ID.SECRET`, as kubeadm wants it.
    public var joined: SecretText { secret.withText { SecretText("\(id).\($0)") } }
}

extension BootstrapToken {
    /// Makes the token of a node out of a seed: the same seed and node give the same token, and nobody without the seed
    /// can tell it.
    public init(of node: NodeName, seed: SecretText, expiresAt: Instant, run: String) {
        self.init(
            id: Self.letters(6, "id", node, seed), secret: SecretText(Self.letters(16, "secret", node, seed)),
            expiresAt: expiresAt, run: run)
    }

    /// Small letters and digits, each equally likely: bytes from 252 on are passed over.
    private static func letters(_ count: Int, _ purpose: String, _ node: NodeName, _ seed: SecretText) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        var result = ""
        var round = 0
        while result.count < count {
            let text = seed.withText { "\($0)\n\(purpose)\n\(node)\n\(round)" }
            let digits = Array(ContentDigest.sha256(text))
            for start in stride(from: 0, to: digits.count - 1, by: 2) where result.count < count {
                guard let byte = Int(String(digits[start...start + 1]), radix: 16), byte < 252 else { continue }
                result.append(alphabet[byte % 36])
            }
            round += 1
        }
        return result
    }
}
