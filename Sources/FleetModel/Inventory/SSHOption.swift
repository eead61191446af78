/// One option of ssh(1), by its name in ssh_config(5).
public struct SSHOption: Hashable, Sendable {
    /// The name, such as `ProxyJump`.
    public var name: String
    /// The value as written.
    public var value: String

    /// Joins name and value.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension SSHOption {
    /// Reads the arguments of an ssh command line (already split into words): `-o Name=value`, `-J`, `-i`, `-p`, `-l`,
    /// `-W`; flags without a value are passed over.
    public static func parse(arguments: [String]) -> [SSHOption] {
        var options: [SSHOption] = []
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard let letter = letterWithValue(word) else { continue }
            let attached = String(word.dropFirst(2))
            let value = attached.isEmpty ? rest.popFirst() ?? "" : attached
            if let option = SSHOption(flag: letter, value: value) { options.append(option) }
        }
        return options
    }

    private static func letterWithValue(_ word: String) -> Character? {
        guard word.hasPrefix("-"), let letter = word.dropFirst().first else { return nil }
        return "BbcDEeFIiJLlmOoPpQRSWw".contains(letter) ? letter : nil
    }

    private init?(flag: Character, value: String) {
        switch flag {
        case "o": self.init(assignment: value)
        case "J": self.init("ProxyJump", value)
        case "i": self.init("IdentityFile", value)
        case "p": self.init("Port", value)
        case "l": self.init("User", value)
        case "F": self.init("ConfigFile", value)
        default: return nil
        }
    }

    private init?(assignment: String) {
        guard let end = assignment.firstIndex(where: { $0 == "=" || $0 == " " }) else { return nil }
        let value = assignment[assignment.index(after: end)...].drop { $0 == " " || $0 == "=" }
        self.init(String(assignment[..<end]), String(value))
    }
}
