import FleetExpressions

/// Reads text through a file tree, with every failure placed.
struct TextFile {
    static func read(_ path: String, in tree: any FileTree) throws(Diagnostic) -> String {
        let bytes: [UInt8]
        do {
            bytes = try tree.contents(of: path)
        } catch {
            throw Diagnostic("the file cannot be read: \(error)", at: SourceLocation(file: path))
        }
        let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        if let text = String(validating: body, as: UTF8.self) { return text }
        let valid = String(decoding: body, as: UTF8.self).prefix { $0 != "\u{FFFD}" }
        let lines = valid.split(separator: "\n", omittingEmptySubsequences: false)
        throw Diagnostic(
            "the file is not UTF-8 text",
            at: SourceLocation(file: path, line: lines.count, column: (lines.last?.count ?? 0) + 1))
    }
}
