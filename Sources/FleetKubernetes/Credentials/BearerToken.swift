/// A token as it may stand in an Authorization header.
enum BearerToken {
    /// The token without blanks and line breaks around it; nil where a control character is left, which no header holds.
    static func read(_ text: String) -> Secret? {
        let bytes = text.utf8.drop(while: isBlank)
        let end = bytes.lastIndex { !isBlank($0) }.map { bytes.index(after: $0) } ?? bytes.endIndex
        let token = bytes[..<end]
        return token.contains { $0 < 0x20 || $0 == 0x7F } ? nil : Secret(String(Substring(token)))
    }

    /// What is wrong with a text that is none; never the text.
    static let objection = "holds a line break or another control character inside"

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
