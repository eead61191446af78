/// Takes secrets out of texts: each whole, and each of its lines, the longest first.
///
/// What is shorter than six bytes, such as `true`, is left: it stands in any text.
public struct Redaction: Sendable {
    /// The length from which a secret is looked for, in bytes.
    public static let shortest = 6

    private let secrets: [SecretText]

    /// A redaction of secrets.
    public init(of secrets: some Sequence<SecretText>) {
        let texts = secrets.flatMap { secret in
            secret.withText { text in
                [text] + text.utf8.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        let long = Set(texts).filter { $0.utf8.count >= Self.shortest }
        self.secrets = long.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }.map { SecretText($0) }
    }

    /// A text without any of them.
    public func redacted(_ text: String) -> String { secrets.reduce(text) { $1.redacted(from: $0) } }

    /// A text of lines without any of them behind a beginning; lines that begin otherwise stay as they are.
    public func redacted(_ text: String, behind beginning: String) -> String {
        guard !secrets.isEmpty else { return text }
        let lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false)
        return lines.map { bytes in
            let line = String(decoding: bytes, as: UTF8.self)
            guard bytes.starts(with: beginning.utf8) else { return line }
            return beginning + redacted(String(decoding: bytes.dropFirst(beginning.utf8.count), as: UTF8.self))
        }.joined(separator: "\n")
    }
}

extension HostReport {
    /// The report without the secrets that the command was made of or given, should it have printed one.
    public func redacted(for command: HostCommand) -> HostReport {
        let secrets = command.redactions.union(command.secrets.values)
        guard !secrets.isEmpty else { return self }
        let redaction = Redaction(of: secrets)
        var report = self
        report.standardOutput =
            command.outputMark.map { redaction.redacted(standardOutput, behind: $0) }
            ?? redaction.redacted(standardOutput)
        report.standardError = redaction.redacted(standardError)
        return report
    }
}

extension LocalReport {
    /// The report without the secrets that the act was made of, should it have told one.
    public func redacted(for act: LocalAct) -> LocalReport {
        guard case .command(let command) = act, !command.redactions.isEmpty else { return self }
        var report = self
        report.message = Redaction(of: command.redactions).redacted(message)
        return report
    }
}
