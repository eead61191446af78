internal import CLibSSH2
internal import FleetModel

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A password offered to a server: by the method `password`, or as the answer to what `keyboard-interactive` asks.
final class PasswordAuthentication {
    private let user: String
    private let password: Secret
    /// The last question that is no password's, such as one for a code; nobody is there to answer it.
    fileprivate(set) var unanswered: String?
    fileprivate var hasAnswered = false

    init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }

    /// The method `password`; the same arguments every time, until it is decided.
    func attempt(_ session: OpaquePointer) -> Int32 {
        password.reveal { password in
            libssh2_userauth_password_ex(
                session, user, UInt32(user.utf8.count), password, UInt32(password.utf8.count), nil)
        }
    }

    /// The method `keyboard-interactive`.
    func attemptInteractive(_ session: OpaquePointer, _ wire: Wire) -> Int32 {
        wire.responder = self
        return libssh2_userauth_keyboard_interactive_ex(session, user, UInt32(user.utf8.count), respondCallback)
    }

    /// The answer to a question; a hidden one is taken for the password's, and answered once.
    fileprivate func answer(to question: String, isShown: Bool) -> Secret {
        guard !isShown, !hasAnswered else {
            unanswered = question
            return Secret("")
        }
        hasAnswered = true
        return password
    }
}

private typealias RespondCallback =
    @convention(c) (
        UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, Int32, Int32,
        UnsafePointer<LIBSSH2_USERAUTH_KBDINT_PROMPT>?, UnsafeMutablePointer<LIBSSH2_USERAUTH_KBDINT_RESPONSE>?,
        UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Void

private let respondCallback: RespondCallback = { _, _, _, _, count, prompts, responses, abstract in
    guard let pointer = abstract?.pointee, let prompts, let responses else { return }
    guard let responder = Unmanaged<Wire>.fromOpaque(pointer).takeUnretainedValue().responder else { return }
    for place in 0..<Int(count) {
        let prompt = prompts[place]
        let text = UnsafeRawBufferPointer(start: prompt.text, count: Int(prompt.length))
        let question = String(decoding: text, as: UTF8.self)
        // The library frees it with the session's allocator, which is malloc's.
        responder.answer(to: question, isShown: prompt.echo != 0).reveal { answer in
            // Not strdup, which ends at a NUL that a password's file may hold: the length would reach beyond the copy.
            let bytes = Array(answer.utf8)
            guard let copy = malloc(bytes.count + 1) else { return }
            copy.copyMemory(from: bytes, byteCount: bytes.count)
            responses[place].text = copy.bindMemory(to: CChar.self, capacity: bytes.count + 1)
            responses[place].length = UInt32(bytes.count)
        }
    }
}
