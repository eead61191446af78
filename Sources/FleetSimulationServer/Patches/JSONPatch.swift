import FleetWire

/// JSON patch (RFC 6902).
enum JSONPatch {
    /// An operation that cannot be carried out.
    struct Failure: Error {}

    /// The target with all operations applied, in order.
    static func apply(_ patch: JSONValue, to target: JSONValue) throws(Failure) -> JSONValue {
        guard let operations = patch.array else { throw Failure() }
        var result = target
        for operation in operations { result = try apply(operation: operation, to: result) }
        return result
    }

    private static func apply(operation: JSONValue, to target: JSONValue) throws(Failure) -> JSONValue {
        let path = try pointer(operation["path"])[...]
        switch operation["op"].string {
        case "add": return try adding(value(operation), at: path, to: target)
        case "remove": return try removing(at: path, from: target)
        case "replace": return try replacing(value(operation), at: path, in: target)
        case "test":
            guard try value(at: path, in: target) == operation["value"] else { throw Failure() }
            return target
        case "copy":
            return try adding(value(at: pointer(operation["from"])[...], in: target), at: path, to: target)
        case "move":
            let from = try pointer(operation["from"])[...]
            return try adding(value(at: from, in: target), at: path, to: removing(at: from, from: target))
        default: throw Failure()
        }
    }

    private static func value(_ operation: JSONValue) throws(Failure) -> JSONValue {
        guard let value = operation.object?["value"] else { throw Failure() }
        return value
    }

    private static func pointer(_ text: JSONValue) throws(Failure) -> [String] {
        guard let text = text.string, text.isEmpty || text.hasPrefix("/") else { throw Failure() }
        return text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(unescaped)
    }

    private static func unescaped(_ token: Substring) -> String {
        token.split(separator: "~1", omittingEmptySubsequences: false)
            .map { $0.split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~") }
            .joined(separator: "/")
    }

    private static func value(at path: ArraySlice<String>, in target: JSONValue) throws(Failure) -> JSONValue {
        guard let token = path.first else { return target }
        return try value(at: path.dropFirst(), in: child(token, of: target))
    }

    private static func child(_ token: String, of value: JSONValue) throws(Failure) -> JSONValue {
        switch value {
        case .object(let members):
            guard let member = members[token] else { throw Failure() }
            return member
        case .array(let elements): return elements[try index(token, below: elements.count)]
        default: throw Failure()
        }
    }

    private static func index(_ token: String, below count: Int) throws(Failure) -> Int {
        guard let index = Int(token), (0..<count).contains(index) else { throw Failure() }
        return index
    }

    private static func adding(
        _ value: JSONValue, at path: ArraySlice<String>, to target: JSONValue
    ) throws(Failure) -> JSONValue {
        guard let token = path.first else { return value }
        if path.count > 1 {
            return try putting(adding(value, at: path.dropFirst(), to: child(token, of: target)), at: token, in: target)
        }
        guard case .array(var elements) = target else { return try putting(value, at: token, in: target) }
        elements.insert(value, at: token == "-" ? elements.count : try index(token, below: elements.count + 1))
        return .array(elements)
    }

    private static func replacing(
        _ value: JSONValue, at path: ArraySlice<String>, in target: JSONValue
    ) throws(Failure) -> JSONValue {
        guard let token = path.first else { return value }
        let inner = try child(token, of: target)
        return try putting(replacing(value, at: path.dropFirst(), in: inner), at: token, in: target)
    }

    private static func removing(at path: ArraySlice<String>, from target: JSONValue) throws(Failure) -> JSONValue {
        guard let token = path.first else { throw Failure() }
        let inner = try child(token, of: target)
        if path.count > 1 { return try putting(removing(at: path.dropFirst(), from: inner), at: token, in: target) }
        if case .array(var elements) = target {
            elements.remove(at: try index(token, below: elements.count))
            return .array(elements)
        }
        var result = target
        result.removeMember(token)
        return result
    }

    private static func putting(_ value: JSONValue, at token: String, in target: JSONValue) throws(Failure) -> JSONValue
    {
        switch target {
        case .object(var members):
            members[token] = value
            return .object(members)
        case .array(var elements):
            elements[try index(token, below: elements.count)] = value
            return .array(elements)
        default: throw Failure()
        }
    }
}
