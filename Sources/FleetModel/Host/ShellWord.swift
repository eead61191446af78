/// Quotes text for a POSIX shell.
///
/// Texts are taken apart by bytes, as the shell reads them: an apostrophe before a combining mark is a Character of its
/// own, and to the shell an apostrophe.
public enum ShellWord {
    /// The text as one word: as it stands when no shell reads anything into it, else between single quotes.
    ///
    /// Nil when it holds a NUL, which no shell word can.
    public static func quoted(_ text: String) -> String? {
        guard !text.utf8.contains(0) else { return nil }
        if !text.isEmpty, text.utf8.allSatisfy(harmless.contains) { return text }
        return singleQuoted(text)
    }

    /// The text between single quotes, a word that a shell reads as exactly this text where it holds no NUL.
    public static func singleQuoted(_ text: String) -> String {
        let parts = text.utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
        return "'" + parts.map { Substring($0) }.joined(separator: #"'"'"'"#) + "'"
    }

    private static let harmless = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,=".utf8)
}
