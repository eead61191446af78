internal import CLibSSH2

/// The C library as a whole: started once, named in messages.
enum SSHLibrary {
    /// Starts the library; its counter is unlocked, so this runs once, before any session, and is never undone.
    static let isStarted: Bool = libssh2_init(0) == 0

    /// Such as `1.10.0`.
    static let version: String = libssh2_version(0).map { String(cString: $0) } ?? "unknown"

    /// `LIBSSH2_ERROR_EAGAIN`: needs inbound bytes.
    static let again = Int32(LIBSSH2_ERROR_EAGAIN)

    /// Whether it is 1.11 or newer.
    static let isModern: Bool = libssh2_version(0x010B00) != nil

    /// Why this library cannot prove a key of a type to be the user's; nil when it can.
    static func objection(to type: String) -> String? {
        KeySupport.objection(to: type, hasModernLibrary: isModern, version: version)
    }

    /// The bytes a channel may receive before it is read.
    static let window: UInt32 = 2 << 20

    /// The largest packet asked for.
    static let packet: UInt32 = 32768

    /// Whether a code says that the connection itself is gone.
    static func isTransportFailure(_ code: Int32) -> Bool {
        [
            LIBSSH2_ERROR_SOCKET_DISCONNECT, LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_SEND,
            LIBSSH2_ERROR_SOCKET_NONE, LIBSSH2_ERROR_BANNER_RECV, LIBSSH2_ERROR_BANNER_SEND,
        ].contains(code)
    }
}
