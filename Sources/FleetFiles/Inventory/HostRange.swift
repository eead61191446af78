/// Unfolds `node[01:10:2]-[a:c]` into names (`~/lib/ansible/plugins/inventory/__init__.py:expand_hostname_range`).
enum HostRange {
    /// What is wrong with a range.
    struct Failure: Error, Equatable {
        var message: String
        var expected: String?
    }

    /// The most hosts that one entry may unfold to.
    private static let mostHosts = 100_000

    /// No name has more ranges.
    private static let mostRanges = 16

    static func expand(_ text: String) throws(Failure) -> [String] {
        guard text.utf8.count(where: { $0 == UInt8(ascii: "[") }) <= mostRanges else {
            throw Failure(message: "a name with more than \(mostRanges) ranges")
        }
        return try unfold(text)
    }

    private static func unfold(_ text: String) throws(Failure) -> [String] {
        guard let open = text.firstIndex(of: "[") else { return [text] }
        guard let close = text[open...].firstIndex(of: "]") else {
            throw Failure(message: "a range has no closing bracket", expected: "a range such as [001:120] or [a:f]")
        }
        let middles = try sequence(text[text.index(after: open)..<close])
        let tails = try unfold(String(text[text.index(after: close)...]))
        guard middles.count * tails.count <= mostHosts else {
            throw Failure(message: "the range unfolds to more than \(mostHosts) hosts")
        }
        return middles.flatMap { middle in tails.map { text[..<open] + middle + $0 } }
    }

    private static func sequence(_ range: Substring) throws(Failure) -> [String] {
        let bounds = range.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard bounds.count == 2 || bounds.count == 3 else {
            throw Failure(message: "unusable range [\(range)]", expected: "begin:end or begin:end:step")
        }
        guard let step = bounds.count == 2 ? 1 : Int(bounds[2]), step > 0 else {
            throw Failure(message: "unusable step in [\(range)]", expected: "a whole number of at least 1")
        }
        let begin = bounds[0].isEmpty ? "0" : bounds[0]
        guard !bounds[1].isEmpty else { throw Failure(message: "the range [\(range)] has no end") }
        if let letters = try letters(begin, bounds[1], step) { return letters }
        return try numbers(begin, bounds[1], step)
    }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").map(String.init)

    private static func letters(_ begin: String, _ end: String, _ step: Int) throws(Failure) -> [String]? {
        guard let first = alphabet.firstIndex(of: begin), let last = alphabet.firstIndex(of: end) else { return nil }
        guard first <= last else { throw Failure(message: "the range [\(begin):\(end)] runs backwards") }
        return stride(from: first, through: last, by: step).map { alphabet[$0] }
    }

    private static func numbers(_ begin: String, _ end: String, _ step: Int) throws(Failure) -> [String] {
        guard let first = Int(begin), let last = Int(end), first >= 0, last >= 0 else {
            throw Failure(message: "unusable range [\(begin):\(end)]", expected: "two numbers or two letters")
        }
        let isPadded = begin.hasPrefix("0") && begin.count > 1
        if isPadded, begin.count != end.count {
            throw Failure(
                message: "the bounds of [\(begin):\(end)] differ in length", expected: "as many digits in both")
        }
        guard first <= last else { throw Failure(message: "the range [\(begin):\(end)] runs backwards") }
        guard (last - first) / step < mostHosts else {
            throw Failure(message: "the range unfolds to more than \(mostHosts) hosts")
        }
        return stride(from: first, through: last, by: step).map { number in
            let digits = String(number)
            return isPadded ? String(repeating: "0", count: max(0, begin.count - digits.count)) + digits : digits
        }
    }
}
