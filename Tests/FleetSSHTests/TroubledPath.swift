import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A TCP path on loopback that delays, stalls and cuts what goes through it; one thread, ended by ``close()``.
///
/// With a delay it is as slow as a real path: the connection itself takes a round trip before anything gets through.
/// The benchmarks use it too.
final class TroubledPath: @unchecked Sendable {
    /// Where it listens, on 127.0.0.1.
    let port: Int
    private let target: Int
    private let delay: Double
    private let listener: CInt
    private let lock = NSLock()
    private var isStalled = false
    private var mustCut = false
    private var mustFreeze = false
    private var isEnded = false
    private var limit: Int?
    private var accepted = 0
    private var carried = 0

    /// One direction of a connection: bytes on their way, each with the time when they arrive.
    private struct Lane {
        var from: CInt
        var to: CInt
        var pieces: [(at: Double, bytes: [UInt8])] = []
        var sent = 0
        var hasEnded = false
        var bytesInside = 0
    }

    private struct Pair {
        var client: CInt
        var server: CInt = -1
        var opensAt: Double
        var lanes: [Lane] = []
        var isFrozen = false
    }

    /// A path to a port of 127.0.0.1; `delay` is one way, in seconds.
    init(to target: Int, delay: Double = 0) throws {
        self.target = target
        self.delay = delay
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var address = Self.address(0)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 512) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw CocoaError(.fileReadUnknown) }
        port = Int(UInt16(bigEndian: address.sin_port))
        _ = fcntl(listener, F_SETFL, O_NONBLOCK)
        Thread { [self] in work() }.start()
    }

    /// Connections that were ever accepted.
    var connections: Int { lock.withLock { accepted } }
    /// Bytes that were ever taken in, both ways together.
    var bytes: Int { lock.withLock { carried } }

    /// Nothing gets through any more, and nobody is told.
    func stall() { lock.withLock { isStalled = true } }

    /// What was held goes on.
    func resume() { lock.withLock { isStalled = false } }

    /// Nothing gets through any present connection again, and nobody is told; later ones are as before.
    func freeze() { lock.withLock { mustFreeze = true } }

    /// Every present connection is cut; later ones are not.
    func cut() { lock.withLock { mustCut = true } }

    /// Every connection is cut when so many bytes more went through it, from the next accepted one on.
    func cut(after bytes: Int?) { lock.withLock { limit = bytes } }

    /// Ends the path and its connections.
    func close() { lock.withLock { isEnded = true } }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static var now: Double { ProcessInfo.processInfo.systemUptime }

    // MARK: The thread

    private func work() {
        var pairs: [Pair] = []
        while true {
            let (ended, cut, freeze, stalled, limit) = lock.withLock {
                defer { (mustCut, mustFreeze) = (false, false) }
                return (isEnded, mustCut, mustFreeze, isStalled, self.limit)
            }
            if freeze { for index in pairs.indices { pairs[index].isFrozen = true } }
            if ended || cut {
                pairs.forEach(Self.end)
                pairs.removeAll()
            }
            if ended {
                closeDescriptor(listener)
                return
            }
            acceptAll(&pairs)
            for index in pairs.indices { step(&pairs[index], isStalled: stalled, limit: limit) }
            pairs.removeAll { pair in
                let isOver = pair.client < 0
                if isOver { Self.end(pair) }
                return isOver
            }
            wait(pairs, isStalled: stalled)
        }
    }

    private func acceptAll(_ pairs: inout [Pair]) {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            Self.prepare(client)
            lock.withLock { accepted += 1 }
            // The handshake's round trip, and half of one until the server has heard of it.
            let pair = Pair(client: client, opensAt: Self.now + 3 * delay, lanes: [Lane(from: client, to: -1)])
            pairs.append(pair)
        }
    }

    private static func prepare(_ descriptor: CInt) {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var yes: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
    }

    /// At once: a delayed acknowledgement would be this machine's, and no part of the path.
    private static func acknowledge(_ descriptor: CInt) {
        #if canImport(Glibc)
        var yes: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_QUICKACK, &yes, socklen_t(MemoryLayout<CInt>.size))
        #endif
    }

    private func step(_ pair: inout Pair, isStalled: Bool, limit: Int?) {
        guard !isStalled, !pair.isFrozen else { return }
        if pair.server < 0 {
            take(&pair.lanes[0], notBefore: pair.opensAt)
            guard Self.now >= pair.opensAt else { return }
            open(&pair)
            guard pair.server >= 0 else { return over(&pair) }
        }
        for index in pair.lanes.indices {
            take(&pair.lanes[index])
            give(&pair.lanes[index])
        }
        let total = pair.lanes.reduce(0) { $0 + $1.sent }
        let isDone = pair.lanes.contains { $0.hasEnded && $0.pieces.isEmpty }
        if isDone || limit.map({ total >= $0 }) ?? false { over(&pair) }
    }

    private func open(_ pair: inout Pair) {
        let server = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = Self.address(target)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isOpen else {
            closeDescriptor(server)
            return
        }
        Self.prepare(server)
        pair.server = server
        pair.lanes[0].to = server
        pair.lanes.append(Lane(from: server, to: pair.client))
    }

    private func over(_ pair: inout Pair) {
        closeDescriptor(pair.client)
        if pair.server >= 0 { closeDescriptor(pair.server) }
        pair.client = -1
        pair.server = -1
    }

    private static func end(_ pair: Pair) {
        for descriptor in [pair.client, pair.server] where descriptor >= 0 { closeDescriptor(descriptor) }
    }

    /// As much as a long, fast path holds.
    private static let roomInside = 16 << 20

    private func take(_ lane: inout Lane, notBefore opening: Double = 0) {
        while !lane.hasEnded, lane.bytesInside < Self.roomInside {
            var buffer = [UInt8](repeating: 0, count: 256 << 10)
            let count = read(lane.from, &buffer, buffer.count)
            guard count > 0 else {
                if count == 0 || (errno != EAGAIN && errno != EINTR) { lane.hasEnded = true }
                return
            }
            lock.withLock { carried += count }
            Self.acknowledge(lane.from)
            lane.bytesInside += count
            lane.pieces.append((max(opening, Self.now + delay), Array(buffer[..<count])))
        }
    }

    private func give(_ lane: inout Lane) {
        while let piece = lane.pieces.first, piece.at <= Self.now {
            let count = piece.bytes.withUnsafeBytes { send(lane.to, $0.baseAddress, $0.count, quietly) }
            guard count > 0 else {
                guard errno != EAGAIN, errno != EINTR else { return }
                lane.hasEnded = true
                lane.pieces.removeAll()
                return
            }
            lane.sent += count
            lane.bytesInside -= count
            if count == piece.bytes.count {
                lane.pieces.removeFirst()
            } else {
                lane.pieces[0].bytes.removeFirst(count)
            }
        }
    }

    /// Until something can be done: bytes come, a piece is due, or an order was given.
    private func wait(_ pairs: [Pair], isStalled: Bool) {
        var waits = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        var due = Self.now + 0.02
        for pair in pairs where !isStalled && !pair.isFrozen {
            if pair.server < 0 { due = min(due, pair.opensAt) }
            for lane in pair.lanes {
                if !lane.hasEnded, lane.bytesInside < Self.roomInside {
                    waits.append(pollfd(fd: lane.from, events: Int16(POLLIN), revents: 0))
                }
                guard let first = lane.pieces.first else { continue }
                if first.at > Self.now {
                    due = min(due, first.at)
                } else {
                    waits.append(pollfd(fd: lane.to, events: Int16(POLLOUT), revents: 0))
                }
            }
        }
        // A millisecond for each of sixteen legs would be a sixth of a round trip: the rest of one is slept.
        let rest = max(0, due - Self.now)
        if rest < 0.001 { usleep(UInt32(rest * 1e6)) }
        poll(&waits, nfds_t(waits.count), CInt(rest * 1000))
    }
}

/// `close(2)`, which a method of the same name hides.
func closeDescriptor(_ descriptor: CInt) { close(descriptor) }

/// Sending to somebody who has hung up is an error, and no signal.
#if canImport(Glibc)
let quietly = CInt(MSG_NOSIGNAL)
#else
let quietly: CInt = 0
#endif
