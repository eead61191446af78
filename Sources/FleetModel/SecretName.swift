/// Names of variables whose values are secrets, as people name them: `DB_PASSWORD`, `api_token`, `ssh_private_key`.
public enum SecretName {
    /// What a name holds anywhere.
    private static let parts = [
        "password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "authorization",
    ]
    /// What is one of a name's words.
    private static let words: Set<String> = ["pass", "pwd", "sshpass", "cookie"]
    /// What a word `key` must stand behind: there are keys that open nothing.
    private static let keys: Set<String> = [
        "access", "account", "api", "auth", "encryption", "master", "private", "signing", "ssh",
    ]
    /// What a name ends with that says where something is, not what.
    private static let places: Set<String> = ["dir", "file", "host", "name", "path", "url"]

    /// Whether a name says that the value is a secret.
    public static func marks(_ name: String) -> Bool {
        let all = words(of: name)
        guard let last = all.last, !places.contains(last), !(all == ["pwd"]) else { return false }
        let whole = all.joined(separator: "_")
        return parts.contains { whole.contains($0) } || all.contains { words.contains($0) }
            || zip(all, all.dropFirst()).contains { keys.contains($0) && $1 == "key" }
    }

    /// In lower case, separated by what is no letter or digit, or by a capital after a small letter.
    private static func words(of name: String) -> [String] {
        var spaced = ""
        var isSmall = false
        for scalar in name.unicodeScalars {
            if isSmall, ("A"..."Z").contains(scalar) { spaced += " " }
            isSmall = ("a"..."z").contains(scalar)
            spaced.unicodeScalars.append(scalar)
        }
        return spaced.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
    }
}
