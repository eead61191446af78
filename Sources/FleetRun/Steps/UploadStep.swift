public import FleetExpressions
public import FleetModel

/// `upload: {path, content | template | file | directory, mode, owner}` – files are written whole, checked, and put in place by
/// renaming; a host that has the same contents already is sent nothing.
///
/// `content` may hold `{{ }}`, and so may the text of a file that `template` names, which is worked out for each host;
/// `file` and `directory` are taken as they are. All are relative to the playbook. What is in a file is never shown. Files on
/// the host that the directory here does not have are left alone.
public struct UploadStep: HostStateStep {
    /// `upload`.
    public static let kind = "upload"
    /// What it does, for editors and lists.
    public static let purpose = "A file is written whole, checked, and put in place by renaming."

    /// Where the contents come from.
    public enum Source: Sendable {
        case content(Template)
        case template(String)
        case file(String)
        case directory(String)
    }

    /// The file or directory on the host; absolute.
    public var path: String
    /// The contents.
    public var source: Source
    /// Octal mode of the files, such as `0644`; nil leaves an old file's, and gives a new one 0644, or 0755 where the
    /// file here may be run.
    public var mode: String?
    /// `user` or `user:group`; nil leaves it.
    public var owner: String?

    /// Reads `path`, one of `content`, `template`, `file` and `directory`, `mode` and `owner`.
    public init?(_ arguments: inout LocatedDecoder) {
        mode = arguments.optional("mode", .fileMode)
        owner = arguments.optional("owner", .fileOwner)
        let path = arguments.required("path", .absolutePath)
        let content = arguments.optional("content", .template)
        let template = arguments.optional("template", .string)
        let file = arguments.optional("file", .string)
        let directory = arguments.optional("directory", .string)
        guard let path else { return nil }
        self.path = path
        let sources = [
            content.map(Source.content), template.map(Source.template), file.map(Source.file),
            directory.map(Source.directory),
        ].compactMap(\.self)
        guard let source = sources.first, sources.count == 1 else {
            arguments.report("upload needs either content or template or file or directory")
            return nil
        }
        self.source = source
    }

    /// `write /etc/…`.
    public var title: String { "write \(path)" }

    /// The file or directory of this machine that must be read before; nil where the playbook holds the contents.
    public var localName: String? {
        switch source {
        case .content: nil
        case .template(let name), .file(let name), .directory(let name): name
        }
    }

    /// The script, which asks for the contents of files that differ; throws where a variable is undefined or a file was
    /// not read.
    public func command(in context: StepContext) throws -> HostCommand {
        let parts = try parts(in: context)
        var command = HostCommand(
            script: NodeScript.upload,
            environment: [
                "FLEET_PATH": path, "FLEET_MANIFEST": parts.map(\.line).joined(separator: "\n"),
                "FLEET_OWNER": owner ?? "keep",
            ],
            timeoutSeconds: Self.seconds(of: parts))
        command.inputs = parts.map(\.input)
        return command
    }

    /// One file as the script is told of it, and where its contents come from.
    private struct Part {
        var line: String
        var input: HostInput
    }

    private func parts(in context: StepContext) throws -> [Part] {
        if case .content(let template) = source { return [try part(template, in: context)] }
        guard let localName, let files = context.run.files[localName] else {
            throw StepRefusal("the file \(localName ?? "") was not read")
        }
        if case .template = source {
            guard let template = files.first?.template else {
                throw StepRefusal("the template \(localName) was not read")
            }
            return [try part(template, in: context)]
        }
        return try files.enumerated().map { number, file in
            guard !file.name.contains(where: \.isNewline) else {
                throw StepRefusal("the name of a file in \(localName) holds a line feed")
            }
            let usual = file.isExecutable ? "755" : "keep"
            return Part(
                line: "\(number) \(file.size) \(file.sha256) \(mode ?? usual) \(file.name)",
                input: .file(path: file.path, size: file.size))
        }
    }

    private func part(_ template: Template, in context: StepContext) throws -> Part {
        let bytes = Array(try template.text(in: context.scope).utf8)
        var digest = ContentDigest()
        digest.update(bytes)
        return Part(line: "0 \(bytes.count) \(digest.hexadecimal) \(mode ?? "keep") ", input: .bytes(bytes))
    }

    /// Two minutes, and time for a slow path of 256 KiB in a second.
    private static func seconds(of parts: [Part]) -> Int64 {
        120 + Int64(parts.reduce(0) { $0 + $1.input.size } >> 18)
    }
}

extension ValueForm<String> {
    /// Three or four octal digits; YAML's own octal numbers are read as they were written.
    static var fileMode: ValueForm {
        .scalar("an octal mode such as \"0644\"") { scalar in
            let isOctal = scalar.text.allSatisfy { "01234567".contains($0) }
            return isOctal && (3...4).contains(scalar.text.count) ? scalar.text : nil
        }
    }

    /// `user` or `user:group`.
    static var fileOwner: ValueForm {
        .scalar("an owner such as root or root:adm") { scalar in
            let parts = scalar.text.split(separator: ":", omittingEmptySubsequences: false)
            let isPlain = parts.allSatisfy { part in
                !part.isEmpty && part.first != "-"
                    && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            }
            return isPlain && parts.count <= 2 ? scalar.text : nil
        }
    }
}
