/// A host as an inventory writes it: a name or address, perhaps with ranges, and perhaps a port.
struct HostAddress: Equatable {
    var name: String
    var port: Int?

    /// Reads `host`, `host:22`, `[::1]:22`, `node[01:10].example.com:2222`.
    ///
    /// Nil for what is none of these, such as a list of patterns
    /// (`~/lib/ansible/parsing/utils/addresses.py:parse_address`).
    init?(_ text: String) {
        // Most hosts of a large inventory: neither port nor range, which regular expressions are slow to find out.
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "[") }) else {
            guard Self.areLabels(text[...]) else { return nil }
            name = text
            return
        }
        var name = text[...]
        var port: Int?
        if let match = name.wholeMatch(of: /\[(.+)\]:([0-9]+)/) { (name, port) = (match.1, Int(match.2)) }
        if let match = name.wholeMatch(of: /((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)/) {
            (name, port) = (match.1, Int(match.2))
        }
        guard Self.isHostName(name) || Self.isIPv6(name) else { return nil }
        self.name = String(name)
        self.port = port
    }

    private static func isHostName(_ text: Substring) -> Bool {
        let plain = text.replacing(/\[(?:[a-zA-Z]:[a-zA-Z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]/, with: "0")
        return areLabels(plain)
    }

    private static func areLabels(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        guard let first = label.first, let last = label.last, first != "-", last != "-", last != "_" else {
            return false
        }
        return label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
    }

    private static func isIPv6(_ text: Substring) -> Bool {
        let plain = text.replacing(/\[[0-9a-fA-F]+:[0-9a-fA-F]+(?::[0-9]+)?\]/, with: "0")
        let halves = plain.split(separator: "::", omittingEmptySubsequences: false)
        guard plain.contains(":"), halves.count <= 2 else { return false }
        let groups = halves.flatMap { $0.split(separator: ":", omittingEmptySubsequences: !$0.isEmpty ? false : true) }
        let width = groups.reduce(0) { $0 + ($1.contains(".") ? 2 : 1) }
        guard groups.allSatisfy(isGroup) else { return false }
        return halves.count == 2 ? width <= 7 : width == 8
    }

    private static func isGroup(_ group: Substring) -> Bool {
        group.wholeMatch(of: /[0-9a-fA-F]{1,4}|[0-9]{1,3}(\.[0-9]{1,3}){3}/) != nil
    }
}
