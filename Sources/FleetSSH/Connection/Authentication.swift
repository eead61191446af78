internal import CLibSSH2
internal import FleetModel

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// One key offered to a server: the callback signs what the library hands it.
final class Authentication {
    private let user: String
    private let key: PrivateKey
    /// What the C callback is handed: this object.
    private let abstract = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)

    init(user: String, key: PrivateKey) {
        self.user = user
        self.key = key
        abstract.initialize(to: Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { abstract.deallocate() }

    /// Offers the key, again and again with the same arguments, until it is decided.
    func attempt(_ session: OpaquePointer) -> Int32 {
        key.blob.withUnsafeBufferPointer { blob in
            libssh2_userauth_publickey(session, user, blob.baseAddress, blob.count, signCallback, abstract)
        }
    }

    fileprivate func sign(_ message: UnsafeRawBufferPointer) -> [UInt8]? { try? key.signature(of: message) }
}

private typealias SignCallback =
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, UnsafeMutablePointer<Int>?,
        UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int32

private let signCallback: SignCallback = { _, signature, length, message, count, abstract in
    guard let object = abstract?.pointee else { return -1 }
    let authentication = Unmanaged<Authentication>.fromOpaque(object).takeUnretainedValue()
    let bytes = authentication.sign(UnsafeRawBufferPointer(start: message, count: count))
    // The library frees it with the session's allocator, which is malloc's.
    guard let bytes, let copy = malloc(bytes.count) else { return -1 }
    bytes.withUnsafeBytes { if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) } }
    signature?.pointee = copy.assumingMemoryBound(to: UInt8.self)
    length?.pointee = bytes.count
    return 0
}
