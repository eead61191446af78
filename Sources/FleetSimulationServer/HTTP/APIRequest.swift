/// An HTTP request, taken apart as the API server's request-info filter does.
struct APIRequest: Sendable {
    /// Upper-case HTTP method.
    let method: String
    /// Decoded path segments, without the prefix that carries a token.
    let segments: [String]
    /// The query; the last of repeated keys wins.
    let query: [String: String]
    /// `Accept`.
    let accept: String
    /// `Content-Type` without parameters, lower-case.
    let contentType: String
    /// `User-Agent`.
    let userAgent: String
    /// The bearer token, or the one in a path `/as/TOKEN/…`; nil when there is none.
    ///
    /// kubectl sends no credentials over plain HTTP, but keeps the server's base path.
    let token: String?
    /// The body's bytes.
    let body: [UInt8]

    init(
        method: String, target: String, accept: String = "application/json", contentType: String = "",
        userAgent: String = "", token: String? = nil, body: [UInt8] = []
    ) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let segments = (parts.first ?? "").split(separator: "/").map { PercentCoding.decode($0, plusIsSpace: false) }
        let isPrefixed = segments.first == "as" && segments.count > 1
        self.segments = Array(segments.dropFirst(isPrefixed ? 2 : 0))
        self.query = parts.count > 1 ? Self.query(parts[1]) : [:]
        self.accept = accept
        self.contentType = contentType.split(separator: ";").first.map { trimmed($0).lowercased() } ?? ""
        self.userAgent = userAgent
        self.token = token ?? (isPrefixed ? segments[1] : nil)
        self.body = body
    }

    /// `/api/v1/nodes`.
    var path: String { "/" + segments.joined(separator: "/") }

    /// Whether a boolean query parameter is set: `true`, `1`, and empty with the key present.
    func flag(_ name: String) -> Bool {
        guard let value = query[name] else { return false }
        return !["0", "false", "False", "FALSE", "f", "F"].contains(value)
    }

    private static func query(_ text: Substring) -> [String: String] {
        var query: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? PercentCoding.decode(sides[1], plusIsSpace: true) : ""
            query[PercentCoding.decode(sides[0], plusIsSpace: true)] = value
        }
        return query
    }
}

/// The text without white space around it.
func trimmed(_ text: some StringProtocol) -> String {
    var rest = Substring(text)
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
}

/// Percent-encoding of URLs.
enum PercentCoding {
    /// The decoded text; a malformed escape stays as it is.
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), let value = hexByte(rest.prefix(2)) {
                bytes.append(value)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexByte(_ digits: ArraySlice<UInt8>) -> UInt8? {
        digits.count == 2 ? UInt8(String(decoding: digits, as: UTF8.self), radix: 16) : nil
    }
}
