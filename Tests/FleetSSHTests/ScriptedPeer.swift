import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A server that says one thing to everybody who connects, and then hangs up or stays; one thread, ended by ``close()``.
final class ScriptedPeer: @unchecked Sendable {
    let port: Int
    private let listener: CInt
    private let lock = NSLock()
    private var isEnded = false
    private var accepted: [CInt] = []

    /// Says `words`, as often as `times` says, as long as the peer takes it.
    init(saying words: [UInt8], times: Int = 1, hangsUp: Bool) throws {
        port = try SSHTools.freePort()
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var yes: CInt = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(listener, 1024) == 0
            }
        }
        guard isListening else { throw CocoaError(.fileReadUnknown) }
        Thread { [self] in work(words, times, hangsUp) }.start()
    }

    /// Ends it and its connections.
    func close() {
        lock.withLock { isEnded = true }
        shutdown(listener, CInt(SHUT_RDWR))
    }

    private func work(_ words: [UInt8], _ times: Int, _ hangsUp: Bool) {
        while true {
            let client = accept(listener, nil, nil)
            let ended = lock.withLock { isEnded }
            guard client >= 0, !ended else {
                for descriptor in accepted + [client, listener] where descriptor >= 0 { closeDescriptor(descriptor) }
                return
            }
            for _ in 0..<times {
                let count = words.withUnsafeBytes { send(client, $0.baseAddress, $0.count, quietly) }
                if count < words.count { break }
            }
            if hangsUp { closeDescriptor(client) } else { accepted.append(client) }
        }
    }
}

/// A listener whose queue is full: it answers no further connection, as a host behind a firewall does.
final class FullListener {
    let port: Int
    private let descriptors: [CInt]

    init() throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let clients = (0..<8).map { _ in socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) }
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listener, address, length) == 0, listen(listener, 0) == 0,
                    getsockname(listener, address, &length) == 0
                else { return false }
                for client in clients {
                    _ = fcntl(client, F_SETFL, O_NONBLOCK)
                    _ = connect(client, address, length)
                }
                return true
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        descriptors = clients + [listener]
        guard isListening else { throw CocoaError(.fileReadUnknown) }
    }

    deinit { descriptors.forEach { closeDescriptor($0) } }
}
