import FleetModel

/// Why a host was not reached, or its look did not come to an end.
enum ReachRules {
    typealias Finding = Checkup.Finding

    /// The finding; nil where the host answered.
    static func reach(_ evidence: CheckupEvidence) -> Finding? {
        switch evidence.report.outcome {
        case .exited(0): evidence.facts == nil ? broken(evidence, "it answers nothing") : nil
        case .refused(let refusal): refused(refusal, evidence)
        case .neverStarted(let words): unreached(evidence, words)
        case .timedOut(let phase) where phase != .command: unreached(evidence, "no end of \(phase.rawValue) in time")
        case .exited, .signalled, .noStatus, .transportLost, .timedOut:
            broken(evidence, evidence.report.outcome.summary)
        }
    }

    private static func broken(_ evidence: CheckupEvidence, _ words: String) -> Finding {
        let said = evidence.report.standardError.split(whereSeparator: \.isNewline).suffix(2).joined(separator: "; ")
        return Finding(
            "look-failed", .blocker, "the host is reached, and a script does not come to its end there",
            evidence: said.isEmpty ? words : "\(words): \(said)",
            mend: "run it by hand: fleet exec \(evidence.host) -- id")
    }

    private static func unreached(_ evidence: CheckupEvidence, _ words: String) -> Finding {
        switch evidence.report.stage {
        case .jumpHost: behindJumpHost(words)
        case .shell:
            Finding(
                "no-shell", .blocker, "the login works, and no shell starts", evidence: words,
                mend: "see the user's shell in /etc/passwd, and ForceCommand in sshd_config")
        case .connect, nil:
            Finding(
                "unreachable", .blocker, "no connection can be made to its sshd", evidence: words,
                mend: "see whether it has power and network, sshd runs, and ansible_host and ansible_port are right")
        case .handshake: dropped("before the keys are exchanged", words)
        case .authentication: dropped("while logging in", words)
        }
    }

    private static func behindJumpHost(_ words: String) -> Finding {
        Finding(
            "behind-jump-host", .blocker, "it cannot be reached through its jump host", evidence: words,
            mend: "mend the jump host first; then see whether it reaches the host: nc -vz ADDRESS PORT there")
    }

    private static func dropped(_ phase: String, _ words: String) -> Finding {
        Finding(
            "dropped", .blocker, "its sshd drops the connection \(phase)", evidence: words,
            mend: "read journalctl -u ssh there: MaxStartups and PerSourcePenalties drop connections; raise them")
    }

    private static func refused(_ refusal: HostRefusal, _ evidence: CheckupEvidence) -> Finding {
        if evidence.report.stage == .jumpHost { return behindJumpHost(refusal.message) }
        let (code, message, mend) = words(refusal.code, evidence)
        return Finding(code, .blocker, message, evidence: refusal.message, mend: mend)
    }

    private static func words(
        _ code: HostRefusal.Code, _ evidence: CheckupEvidence
    ) -> (code: String, message: String, mend: String) {
        switch code {
        case .hostKeyUnknown:
            (
                "host-key-unknown", "its host key is in no known_hosts file",
                "compare it with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the host, and add the line"
            )
        case .hostKeyChanged:
            (
                "host-key-changed", "it shows another host key than the known one",
                "find out why (was it installed anew?) before anything else; then replace the known_hosts line"
            )
        case .hostKeyRevoked:
            (
                "host-key-revoked", "its host key is revoked",
                "remove the key on the host, make a new one (ssh-keygen -A), and add that to known_hosts"
            )
        case .hostKeyUnsupported:
            (
                "host-key-unsupported", "its host keys cannot be used by the libssh2 here",
                "give it an ed25519 host key (ssh-keygen -A, HostKey in sshd_config), or use libssh2 1.11"
            )
        case .authenticationFailed:
            (
                "login-refused", "it accepts nothing that was offered for user \(evidence.user)",
                "ssh-copy-id \(evidence.user)@HOST, or say the right ansible_user and ansible_ssh_private_key_file"
            )
        case .identityUnusable:
            (
                "no-identity", "there is no key and no password that could be offered",
                "name a private key (ansible_ssh_private_key_file, --private-key), start an ssh-agent, or --ask-pass"
            )
        case .becomeFailed:
            ("no-root", "root cannot be become", "allow sudo without a password, or give it: --ask-become-pass")
        case .configuration:
            ("settings", "its settings cannot be used", "mend the inventory or ssh_config where the message says")
        }
    }
}
