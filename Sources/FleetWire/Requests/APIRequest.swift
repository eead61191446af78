/// One request to the API, without address and credentials.
public struct APIRequest: Hashable, Sendable {
    /// The HTTP method.
    public enum Method: String, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// The method.
    public var method: Method
    /// The path, such as `/api/v1/nodes/n1`.
    public var path: String
    /// Names and values of the query, not yet escaped, in order.
    public var query: [(name: String, value: String)] {
        get { queryItems.map { ($0.name, $0.value) } }
        set { queryItems = newValue.map(QueryItem.init) }
    }
    /// The type of the body; nil without one.
    public var contentType: String?
    /// The body; nil without one.
    public var body: JSONValue?

    private var queryItems: [QueryItem]

    private struct QueryItem: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// A request.
    public init(
        _ method: Method, _ path: String, query: [(name: String, value: String)] = [], contentType: String? = nil,
        body: JSONValue? = nil
    ) {
        self.method = method
        self.path = path
        queryItems = query.map(QueryItem.init)
        self.contentType = contentType ?? (body == nil ? nil : "application/json")
        self.body = body
    }

    /// Path and escaped query, as they stand in the request line.
    public var target: String {
        guard !queryItems.isEmpty else { return path }
        return path + "?" + queryItems.map { "\(Self.escape($0.name))=\(Self.escape($0.value))" }.joined(separator: "&")
    }

    /// A name as one segment of a path, whatever stands in it: a journal or an inventory may be a stranger's.
    ///
    /// Names that Kubernetes permits stay as they are.
    static func segment(_ name: String) -> String {
        name == "." || name == ".." ? String(repeating: "%2E", count: name.utf8.count) : escape(name)
    }

    /// Escapes everything but the unreserved characters of RFC 3986.
    public static func escape(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = UnicodeScalar(byte)
            let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
            if isPlain || "-._~".unicodeScalars.contains(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
