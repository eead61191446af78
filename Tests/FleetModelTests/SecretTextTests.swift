import FleetModel
import Testing

/// A secret is found by its bytes.
@Suite("Redaction of secrets")
struct SecretTextTests {
    static let texts: [(text: String, redacted: String)] = [
        ("hunter2", "(secret)"), ("a hunter2, hunter2", "a (secret), (secret)"), ("hunter", "hunter"), ("", ""),
        ("hunter2\u{301}", "(secret)\u{301}"), ("\u{600}hunter2\u{200D}", "\u{600}(secret)\u{200D}"),
    ]

    @Test("every occurrence goes, also beside combining marks", arguments: texts)
    func occurrences(_ row: (text: String, redacted: String)) {
        #expect(Array(SecretText("hunter2").redacted(from: row.text).utf8) == Array(row.redacted.utf8))
    }

    @Test("a secret that ends with a carriage return is found before a line feed")
    func lineEnds() {
        #expect(SecretText("a\r").redacted(from: "xa\r\n") == "x(secret)\n")
        #expect(SecretText("").redacted(from: "x") == "x")
    }
}
