/// Quotes text for a POSIX shell.
public enum ShellWord {
    /// The text as one word: as it stands when no shell reads anything into it, else between single quotes.
    ///
    /// Nil when it holds a NUL, which no shell word can.
    public static func quoted(_ text: String) -> String? {
        guard !text.unicodeScalars.contains("\0") else { return nil }
        if !text.isEmpty, text.utf8.allSatisfy(harmless.contains) { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\"'\"'") + "'"
    }

    private static let harmless = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,=".utf8)
}
