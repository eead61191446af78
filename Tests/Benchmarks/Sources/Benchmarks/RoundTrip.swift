import Foundation

/// How long one round trip through a ``TroubledPath`` really takes: its delay, and how late this machine's timers are.
struct RoundTrip {
    /// The least of several, in seconds.
    static func measure(delay: Double, count: Int = 12) throws -> Double {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 4) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw Failure("no socket listens") }
        Thread { echo(listener) }.start()
        let path = try TroubledPath(to: Int(UInt16(bigEndian: address.sin_port)), delay: delay)
        defer { path.close() }
        let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var target = loopback(path.port)
        let isConnected = withUnsafeMutablePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, length) == 0 }
        }
        guard isConnected else { throw Failure("the path takes no connection") }
        var least = Double.infinity
        // The first one has the connection's opening in it.
        for number in 0...count {
            let begun = ContinuousClock.now
            var byte: UInt8 = 1
            guard write(client, &byte, 1) == 1, read(client, &byte, 1) == 1 else { throw Failure("nothing comes back") }
            if number > 0 { least = min(least, (ContinuousClock.now - begun) / .seconds(1)) }
        }
        return least
    }

    private static func echo(_ listener: CInt) {
        let peer = accept(listener, nil, nil)
        var byte: UInt8 = 0
        while read(peer, &byte, 1) == 1, write(peer, &byte, 1) == 1 {}
        close(peer)
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
