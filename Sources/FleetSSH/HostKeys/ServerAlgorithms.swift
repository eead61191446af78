internal import NIOCore

/// The host key algorithms that a server offers, read from the first bytes it sent (RFC 4253, 7.1).
enum ServerAlgorithms {
    /// The list; nil when the bytes do not hold the server's first key exchange packet.
    static func hostKeys(in prologue: ByteBuffer) -> [String]? {
        var rest = Array(prologue.readableBytesView)[...]
        while let end = rest.firstIndex(of: 10) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.starts(with: Array("SSH-".utf8)) { return hostKeys(afterBanner: rest) }
        }
        return nil
    }

    private static func hostKeys(afterBanner bytes: ArraySlice<UInt8>) -> [String]? {
        var reader = WireReader(bytes)
        let keyExchange: UInt8 = 20
        guard reader.integer() != nil, reader.bytes(1) != nil, reader.bytes(1) == [keyExchange],
            reader.bytes(16) != nil, reader.string() != nil, let list = reader.text()
        else { return nil }
        return list.split(separator: ",").map(String.init)
    }
}
