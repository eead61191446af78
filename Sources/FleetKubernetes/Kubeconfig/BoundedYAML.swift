/// Whether a YAML text that somebody else may have written can be unfolded: aliases of aliases grow without bound.
enum BoundedYAML {
    /// As many aliases unfold to some hundred times what the text holds, at most; kubeconfigs have none.
    private static let mostAliases = 16
    /// Nobody's kubeconfig is larger, in bytes.
    private static let mostBytes = 16 << 20

    static let objection = "not a kubeconfig: more than 16 aliases, or larger than 16 MiB"

    static func isHarmless(_ text: String) -> Bool {
        guard text.utf8.count <= mostBytes else { return false }
        var (aliases, last) = (0, UInt8(ascii: " "))
        for byte in text.utf8 {
            let isWhite = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
            if last == UInt8(ascii: "*"), !isWhite { aliases += 1 }
            last = byte
        }
        return aliases <= mostAliases
    }
}
