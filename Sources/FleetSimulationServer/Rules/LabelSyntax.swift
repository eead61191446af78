/// The syntax of label keys.
enum LabelSyntax {
    /// The rule in the server's words.
    static let nameRule =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
        + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

    /// Whether a text is a qualified name: an optional DNS prefix, a slash, a name of at most 63 characters.
    static func isQualifiedName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last, !name.isEmpty, name.utf8.count <= 63 else { return false }
        let isLong = parts.count == 2 && (parts[0].isEmpty || parts[0].utf8.count > 253)
        return !isLong && isName(name)
    }

    private static func isName(_ name: Substring) -> Bool {
        let isEdge = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard let first = name.utf8.first, let last = name.utf8.last, isEdge(first), isEdge(last) else { return false }
        return name.utf8.allSatisfy { isEdge($0) || [0x2D, 0x5F, 0x2E].contains($0) }
    }
}
