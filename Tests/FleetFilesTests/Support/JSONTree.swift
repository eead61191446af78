import Foundation

/// JSON as a value that can be compared and whose differences can be named.
enum JSONTree: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let elements = try? container.decode([JSONTree].self) {
            self = .array(elements)
        } else {
            self = .object(try container.decode([String: JSONTree].self))
        }
    }

    init(text: String) throws { self = try JSONDecoder().decode(JSONTree.self, from: Data(text.utf8)) }

    /// One line for every place at which this value differs from what was expected.
    func differences(from expected: JSONTree, at path: String = "$") -> [String] {
        switch (self, expected) {
        case (.object(let mine), .object(let theirs)):
            return Set(mine.keys).union(theirs.keys).sorted().flatMap { key -> [String] in
                switch (mine[key], theirs[key]) {
                case (let mine?, let theirs?): mine.differences(from: theirs, at: "\(path).\(key)")
                case (nil, let theirs?): ["\(path).\(key): missing, expected \(theirs)"]
                case (let mine, nil): ["\(path).\(key): unexpected \(mine ?? .null)"]
                }
            }
        case (.array(let mine), .array(let theirs)) where mine.count == theirs.count:
            return zip(mine, theirs).enumerated().flatMap { $1.0.differences(from: $1.1, at: "\(path)[\($0)]") }
        default:
            return self == expected ? [] : ["\(path): \(self), expected \(expected)"]
        }
    }
}
