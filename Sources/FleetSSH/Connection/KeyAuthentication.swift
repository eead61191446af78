internal import CLibSSH2
internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// One key offered to a server: the callback signs what the library hands it, or waits until an agent has.
final class KeyAuthentication {
    private enum Signature { case notAsked, awaited, made([UInt8]?) }

    private let user: String
    private let identity: Identity
    private let loop: any EventLoop
    /// Called when an agent has answered: the session is to be driven again.
    private let wake: () -> Void
    private var signature = Signature.notAsked
    /// Whether the library has a signature, and so has sent it with its next word.
    fileprivate(set) var isSigned = false
    /// What the C callback is handed: this object.
    private let abstract = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)

    init(user: String, identity: Identity, loop: any EventLoop, wake: @escaping () -> Void) {
        self.user = user
        self.identity = identity
        self.loop = loop
        self.wake = wake
        abstract.initialize(to: Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { abstract.deallocate() }

    /// Offers the key, again and again with the same arguments, until it is decided.
    func attempt(_ session: OpaquePointer) -> Int32 {
        identity.blob.withUnsafeBufferPointer { blob in
            libssh2_userauth_publickey(session, user, blob.baseAddress, blob.count, signCallback, abstract)
        }
    }

    fileprivate enum Answer { case signed([UInt8]), wait, refused }

    fileprivate func sign(_ message: UnsafeRawBufferPointer) -> Answer {
        switch (identity.signer, signature) {
        case (.key(let key), _): return (try? key.signature(of: message)).map(Answer.signed) ?? .refused
        case (.agent, .made(let bytes)): return bytes.map(Answer.signed) ?? .refused
        case (.agent, .awaited): return .wait
        case (.agent(let agent, let key), .notAsked):
            signature = .awaited
            agent.sign(Array(message), with: key, on: loop) { [self] bytes in
                signature = .made(bytes)
                wake()
            }
            return .wait
        }
    }
}

private typealias SignCallback =
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, UnsafeMutablePointer<Int>?,
        UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int32

private let signCallback: SignCallback = { _, signature, length, message, count, abstract in
    guard let object = abstract?.pointee else { return -1 }
    let authentication = Unmanaged<KeyAuthentication>.fromOpaque(object).takeUnretainedValue()
    switch authentication.sign(UnsafeRawBufferPointer(start: message, count: count)) {
    case .wait: return SSHLibrary.again
    case .refused: return -1
    case .signed(let bytes):
        authentication.isSigned = true
        // The library frees it with the session's allocator, which is malloc's.
        guard let copy = malloc(bytes.count) else { return -1 }
        bytes.withUnsafeBytes { if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) } }
        signature?.pointee = copy.assumingMemoryBound(to: UInt8.self)
        length?.pointee = bytes.count
        return 0
    }
}
