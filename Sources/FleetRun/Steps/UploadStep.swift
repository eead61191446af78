public import FleetExpressions
public import FleetModel

/// `upload: {path, content | file, mode, owner}` – a file is written whole, checked, and put in place by renaming.
///
/// `content` may hold `{{ }}`; `file` is taken as it is, relative to the playbook. What is in the file is never shown.
public struct UploadStep: HostStateStep {
    /// `upload`.
    public static let kind = "upload"

    /// Where the contents come from.
    public enum Source: Sendable {
        case content(Template)
        case file(String)
    }

    /// The file on the host; absolute.
    public var path: String
    /// The contents.
    public var source: Source
    /// Octal mode such as `0644`; nil leaves an old file's, and gives a new one 0644.
    public var mode: String?
    /// `user` or `user:group`; nil leaves it.
    public var owner: String?

    /// Reads `path`, one of `content` and `file`, `mode` and `owner`.
    public init?(_ arguments: inout LocatedDecoder) {
        mode = arguments.optional("mode", .fileMode)
        owner = arguments.optional("owner", .fileOwner)
        let path = arguments.required("path", .absolutePath)
        let content = arguments.optional("content", .template)
        let file = arguments.optional("file", .string)
        guard let path else { return nil }
        self.path = path
        switch (content, file) {
        case (let content?, nil): source = .content(content)
        case (nil, let file?): source = .file(file)
        default:
            arguments.report("upload needs either content or file")
            return nil
        }
    }

    /// `write /etc/…`.
    public var title: String { "write \(path)" }

    /// The script; throws where a variable is undefined or a file was not read.
    public func command(in context: StepContext) throws -> HostCommand {
        let contents = try contents(in: context)
        var digest = ContentDigest()
        digest.update(contents)
        return HostCommand(
            script: NodeScript.upload,
            environment: [
                "FLEET_PATH": path, "FLEET_CONTENT": Base64.text(of: contents), "FLEET_SHA256": digest.hexadecimal,
                "FLEET_FILE_MODE": mode ?? "keep", "FLEET_OWNER": owner ?? "keep",
            ],
            timeoutSeconds: 120)
    }

    private func contents(in context: StepContext) throws -> [UInt8] {
        switch source {
        case .content(let template): return Array(try template.text(in: context.scope).utf8)
        case .file(let name):
            guard let bytes = context.run.files[name] else { throw StepRefusal("the file \(name) was not read") }
            return bytes
        }
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
