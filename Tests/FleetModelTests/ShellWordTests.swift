import FleetModel
import Foundation
import Testing

/// What a real shell makes of quoted words.
@Suite("Words for a shell")
struct ShellWordTests {
    /// A quote beside these scalars is a Character other than the quote.
    static let texts = [
        "it's", "'\u{301}; touch owned; '", "a'\u{200D}b", "'\u{FE0F}", "\u{600}'; id; \u{600}'", "''\u{20DD}'",
        "\r\n'\r\n",
        "e\u{301}'e\u{301}", "$(id) `id` \"\\", "",
    ]

    @Test("a shell reads exactly the text's bytes", arguments: texts)
    func bytes(_ text: String) throws {
        #expect(try Self.read(ShellWord.singleQuoted(text)) == Array(text.utf8))
        #expect(try Self.read(#require(ShellWord.quoted(text))) == Array(text.utf8))
    }

    @Test("a text with NUL is no word; a harmless one stands as it is")
    func forms() {
        #expect(ShellWord.quoted("a\0\u{301}") == nil)
        #expect(ShellWord.quoted("web-1.example.com:/x") == "web-1.example.com:/x")
        #expect(ShellWord.quoted("e\u{301}").map { Array($0.utf8) } == Array("'e\u{301}'".utf8))
    }

    private static func read(_ word: String) throws -> [UInt8] {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "printf %s \(word)"]
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Array(bytes)
    }
}
