public import FleetModel

/// Names folded as cluster administrators write them: `web-[001-003,007]`.
///
/// The number that is folded is the last one before the first dot, so that `web-3.example.com` folds and
/// `ip-10-0-1-17.ec2.internal` folds over its last octet.
public struct NodeSet: Hashable, Sendable, CustomStringConvertible {
    private let names: [String]

    /// A set of names, in the order in which they should appear.
    public init(_ names: some Sequence<String>) { self.names = Array(names) }

    /// A set of Nodes.
    public init(_ nodes: some Sequence<NodeName>) { self.init(nodes.map(\.rawValue)) }

    /// The folded names, separated by commas; empty for none.
    public var description: String {
        var order: [Frame] = []
        var members: [Frame: [Number]] = [:]
        for name in names {
            let (frame, number) = Self.split(name)
            if members[frame] == nil { order.append(frame) }
            members[frame, default: []].append(number)
        }
        return order.map { Self.fold($0, members[$0] ?? []) }.joined(separator: ", ")
    }

    /// What stands before and after the number.
    private struct Frame: Hashable {
        var prefix: String
        var suffix: String
    }

    /// A number as written, with its zeros; empty text for names without one.
    private struct Number: Hashable, Comparable {
        var text: String
        var value: Int

        static func < (left: Number, right: Number) -> Bool { (left.value, left.text) < (right.value, right.text) }

        /// Whether `web-[this-other]` would name exactly these two.
        func isFollowed(by other: Number) -> Bool {
            let digits = String(value + 1)
            return other.text == String(repeating: "0", count: max(0, text.count - digits.count)) + digits
        }
    }

    private static func split(_ name: String) -> (Frame, Number) {
        let label = name.prefix { $0 != "." }
        let domain = name.dropFirst(label.count)
        let tail = label.reversed().prefix { !isDigit($0) }.count
        let head = label.dropLast(tail)
        let digits = String(head.reversed().prefix(while: isDigit).reversed())
        guard !digits.isEmpty, digits.count <= 9, let value = Int(digits) else {
            return (Frame(prefix: name, suffix: ""), Number(text: "", value: 0))
        }
        let frame = Frame(prefix: String(head.dropLast(digits.count)), suffix: String(label.suffix(tail) + domain))
        return (frame, Number(text: digits, value: value))
    }

    private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }

    private static func fold(_ frame: Frame, _ numbers: [Number]) -> String {
        let runs = consecutive(Set(numbers).sorted())
        let texts = runs.map { first, last in first == last ? first.text : "\(first.text)-\(last.text)" }
        guard texts.count > 1 || runs.contains(where: { $0 != $1 }) else {
            return frame.prefix + (texts.first ?? "") + frame.suffix
        }
        return "\(frame.prefix)[\(texts.joined(separator: ","))]\(frame.suffix)"
    }

    private static func consecutive(_ numbers: [Number]) -> [(Number, Number)] {
        var runs: [(Number, Number)] = []
        for number in numbers {
            if let last = runs.last, last.1.isFollowed(by: number) {
                runs[runs.count - 1].1 = number
            } else {
                runs.append((number, number))
            }
        }
        return runs
    }
}
