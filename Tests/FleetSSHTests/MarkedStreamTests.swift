import Testing

@testable import FleetSSH

@Suite("Markers in an output stream") struct MarkedStreamTests {
    static let nonce = "\u{1e}abc"
    static let whole = "noise\n\(nonce):run:12:34\nout \u{1e} \(nonce) put\(nonce):end:7\nlate"

    @Test(arguments: 1...40) func cutAnywhere(_ size: Int) {
        var stream = MarkedStream(nonce: Self.nonce, limit: 100)
        let bytes = Array(Self.whole.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { stream.consume($0) }
        }
        #expect(stream.start == ["12", "34"])
        #expect(stream.end == ["7"])
        #expect(String(decoding: stream.preface, as: UTF8.self) == "noise\n")
    }

    @Test func aLoneNonceInTheMiddleOfALineIsOutput() {
        var stream = MarkedStream(nonce: Self.nonce, limit: 100)
        Array("\(Self.nonce):run:0:0\na \u{1e}x b".utf8).withUnsafeBytes { stream.consume($0) }
        stream.finish()
        #expect(stream.text == "a \u{1e}x b")
        #expect(stream.end == nil)
    }

    @Test func theLimitCountsWhatItDrops() {
        var stream = MarkedStream(nonce: Self.nonce, limit: 3)
        Array("\(Self.nonce):run:0:0\n12345\(Self.nonce):end:0\n".utf8).withUnsafeBytes { stream.consume($0) }
        #expect(stream.text == "123")
        #expect(stream.dropped == 2)
        #expect(stream.end == ["0"])
    }
}
