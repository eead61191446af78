internal import FleetModel

/// How a command becomes root's, and the password for it.
struct Escalation {
    let method: HostEndpoint.Become
    /// Given where the host may ask; `su` always asks.
    let password: Secret?
    /// Names the question and the readiness of one command, so that nothing else is taken for them.
    private let token: String

    init(_ method: HostEndpoint.Become, password: Secret?) {
        self.method = method
        self.password = method == .doas ? nil : password
        token = password == nil ? "" : String(UInt64.random(in: .min ... .max), radix: 36)
    }

    /// Whether the host is waited for before the script is sent, since a password may have to go first.
    var mayAsk: Bool { method != .none && password != nil }

    /// The question that sudo is told to ask; no login shell finds anything special in it.
    var question: String { "fleet-\(token)-password:" }
    /// What the wrapper says on standard error once it runs as root.
    var readiness: String { "fleet-\(token)-ready" }

    /// Whether what came before the script's start asks for a password, beyond the questions answered already.
    func asks(in preface: String, answered: Int) -> Bool {
        switch method {
        case .none, .doas: return false
        case .sudo: return preface.split(separator: question, omittingEmptySubsequences: false).count - 1 > answered
        // Nobody tells su what to ask, and in which language: it is the line that does not end.
        case .su: return answered == 0 && !preface.isEmpty && !preface.hasSuffix("\n")
        }
    }

    /// Words of a shell or of sudo without fleet's own marks.
    func cleaned(_ words: String) -> String { words.replacing(question, with: "").replacing(readiness, with: "") }

    /// A refusal by the method, in its own words.
    func refusal(_ words: String) -> HostRefusal {
        switch method {
        case .none,
            .sudo where password == nil:
            HostRefusal(
                .becomeFailed,
                "sudo -n gave no root shell: \(words); allow it without a password, or give the password")
        case .sudo: HostRefusal(.becomeFailed, "sudo gave no root shell: \(words)")
        case .doas: HostRefusal(.becomeFailed, "doas -n gave no root shell: \(words); allow it with nopass")
        case .su where password == nil: HostRefusal(.becomeFailed, "su needs root's password, and none was given")
        case .su: HostRefusal(.becomeFailed, "su gave no root shell: \(words)")
        }
    }
}
