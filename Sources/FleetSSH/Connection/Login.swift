internal import CLibSSH2
internal import FleetModel
internal import NIOCore

/// The proofs of who the user is, offered to one server one after the other until it accepts one.
///
/// Keys first, then the password where there is one: by the method `password`, then `keyboard-interactive`.
final class Login {
    /// How it ended.
    enum Outcome {
        case accepted
        case refused(HostRefusal)
        case broken(String)
    }

    private enum Proof {
        case key(Identity)
        case password(PasswordAuthentication)
        case interactive(PasswordAuthentication)
    }

    private let hop: Hop
    private let session: Session
    private let loop: any EventLoop
    private let ended: (Outcome) -> Void
    /// Told once when the last proof there is was sent: what is sent behind it reaches a server that accepts it.
    var whenLastIsSent: (() -> Void)?
    private var proofs: ArraySlice<Proof>
    private var tried: [String] = []

    /// How many keys are offered; sshd ends the connection at the sixth failure.
    private static let offeredKeys = 5
    /// The same where a password is to follow, by two methods.
    private static let offeredKeysBeforePassword = 3

    init(_ hop: Hop, session: Session, loop: any EventLoop, ended: @escaping (Outcome) -> Void) {
        self.hop = hop
        self.session = session
        self.loop = loop
        self.ended = ended
        let most = hop.password == nil ? Self.offeredKeys : Self.offeredKeysBeforePassword
        let keys = hop.identities.usable.prefix(most).map(Proof.key)
        let password = hop.password.map { PasswordAuthentication(user: hop.key.user, password: $0) }
        proofs = (keys + (password.map { [.password($0), .interactive($0)] } ?? []))[...]
    }

    /// Offers the next proof.
    func offer() {
        guard let proof = proofs.popFirst() else { return ended(.refused(noneAccepted())) }
        let raw = session.raw
        switch proof {
        case .key(let identity):
            tried.append(identity.name)
            let key = KeyAuthentication(user: hop.key.user, identity: identity, loop: loop) { [session] in
                session.drive()
            }
            let isLast = proofs.isEmpty
            perform(proof, admitsNext: { isLast && key.isSigned }) { [unowned self] in
                let code = key.attempt(raw)
                if code == SSHLibrary.again, isLast, key.isSigned { lastIsSent() }
                return code
            }
        case .password(let password):
            tried.append("the password")
            perform(proof) { password.attempt(raw) }
        case .interactive(let password):
            perform(proof) { [session] in password.attemptInteractive(raw, session.wire) }
        }
    }

    private func lastIsSent() {
        let told = whenLastIsSent
        whenLastIsSent = nil
        told?()
    }

    private func perform(
        _ proof: Proof, admitsNext: @escaping () -> Bool = { false }, _ attempt: @escaping () -> Int32
    ) {
        session.perform(
            ControlOperation(
                attempt: attempt, finish: { [weak self] code in self?.answered(code, proof) }, admitsNext: admitsNext))
    }

    private func answered(_ code: Int32, _ proof: Proof) {
        if code == 0 { return ended(.accepted) }
        if SSHLibrary.isTransportFailure(code) {
            return ended(.broken("the connection broke while authenticating: \(session.lastError)"))
        }
        if code == LIBSSH2_ERROR_PASSWORD_EXPIRED { return ended(.refused(expired())) }
        if case .interactive(let password) = proof, let question = password.unanswered {
            return ended(.refused(asked(question)))
        }
        offer()
    }

    private func expired() -> HostRefusal {
        HostRefusal(
            .authenticationFailed,
            "\(hop.name): the password of user \(hop.key.user) has expired; log in by hand once and change it")
    }

    private func asked(_ question: String) -> HostRefusal {
        let words = question.split(whereSeparator: \.isNewline).joined(separator: " ")
        return HostRefusal(
            .authenticationFailed,
            "\(hop.name) asks user \(hop.key.user) \"\(words)\" beside a password, and fleet answers passwords only; "
                + "give the host a public key")
    }

    private func noneAccepted() -> HostRefusal {
        let unusable = hop.identities.unusable.joined(separator: "; ")
        guard !tried.isEmpty else {
            let reason = unusable.isEmpty ? "no private key and no password is configured for it" : unusable
            return HostRefusal(.identityUnusable, "\(hop.name): \(reason)")
        }
        let (more, left) = (unusable.isEmpty ? "" : "; \(unusable)", hop.identities.usable.count - tried.count)
        let others = left > 0 && hop.password == nil ? " (and \(left) more were not offered: name the right one)" : ""
        return HostRefusal(
            .authenticationFailed,
            "\(hop.name) accepts none of what was offered for user \(hop.key.user): "
                + tried.joined(separator: ", ") + others + more + "; add the public key to its authorized_keys")
    }
}
