public import FleetExpressions
public import FleetModel

/// `lines_in_file: {path, lines, marker}` – lines are kept in one marked block of a text file.
///
/// The rest of the file, its mode and its owner stay. No lines take the block out.
public struct LinesInFileStep: HostStateStep {
    /// `lines_in_file`.
    public static let kind = "lines_in_file"
    /// What it does, for editors and lists.
    public static let purpose = "Lines are kept in one marked block of a text file."

    /// The file; absolute.
    public var path: String
    /// The lines of the block.
    public var lines: [Template]
    /// What the block is called; `# BEGIN …` and `# END …` enclose it.
    public var marker: String

    /// Reads `path`, `lines` and `marker` (fleet).
    public init?(_ arguments: inout LocatedDecoder) {
        marker = arguments.optional("marker", .blockMarker) ?? "fleet"
        let path = arguments.required("path", .absolutePath)
        let lines = arguments.required("lines", .list(of: .template))
        guard let path, let lines else { return nil }
        self.path = path
        self.lines = lines
    }

    /// `keep the block "fleet" of /etc/…`.
    public var title: String { "keep the block \"\(marker)\" of \(path)" }

    /// The script; throws where a value has more than one line.
    public func command(in context: StepContext) throws -> HostCommand {
        let block = try lines.enumerated().map { try Self.line($1.text(in: context.scope), number: $0 + 1) }
        return Self.command(path: path, marker: marker, block: block)
    }

    static func command(path: String, marker: String, block: [String], isHostsFile: Bool = false) -> HostCommand {
        HostCommand(
            script: NodeScript.markedBlock,
            environment: [
                "FLEET_PATH": path, "FLEET_MARKER": marker, "FLEET_BLOCK": block.joined(separator: "\n"),
                "FLEET_HOSTS": isHostsFile ? "1" : "",
            ],
            timeoutSeconds: 60)
    }

    /// The text itself may be a secret and is not told.
    private static func line(_ text: String, number: Int) throws -> String {
        guard !text.contains(where: \.isNewline) else { throw StepRefusal("line \(number) holds a line break") }
        return text
    }
}

extension ValueForm<String> {
    /// A marked block's name: letters, digits, blanks and `._:-`.
    static var blockMarker: ValueForm {
        .scalar("a short name of letters, digits, blanks and ._:-") { scalar in
            let isPlain = scalar.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || " ._:-".contains($0)) }
            return isPlain && !scalar.text.isEmpty && !scalar.text.hasSuffix(" ") ? scalar.text : nil
        }
    }

    /// An absolute path to a file, without `.` or `..`.
    static var absolutePath: ValueForm {
        .scalar("an absolute path such as /etc/motd") { scalar in
            FilePathText.isAbsolute(scalar.text, depth: 1) && scalar.text.utf8.last != UInt8(ascii: "/")
                ? scalar.text : nil
        }
    }
}
