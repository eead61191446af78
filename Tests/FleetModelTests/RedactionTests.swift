import FleetModel
import Testing

/// Which names say that a value is a secret, and what is taken out of texts.
@Suite("Names of secrets, and redaction")
struct RedactionTests {
    @Test(
        "names of secrets",
        arguments: [
            "PASSWORD", "db_password", "PGPASSWORD", "MYSQL_PWD", "SSHPASS", "ansible_become_pass", "API_TOKEN",
            "apiToken",
            "vault_token", "CLIENT_SECRET", "secrets", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY", "private-key",
            "api key",
            "HTTP_AUTHORIZATION", "SESSION_COOKIE", "registryCredentials", "key_passphrase", "apikey",
        ])
    func secret(name: String) {
        #expect(SecretName.marks(name))
    }

    @Test(
        "other names",
        arguments: [
            "HOST", "URL", "PWD", "KEY", "label_key", "keyboard", "PASSWORD_FILE", "token_url", "secretName",
            "ssh_private_key_file",
            "COMPASS", "bypass", "", "_",
        ])
    func plain(name: String) {
        #expect(!SecretName.marks(name))
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let secrets: [String]
        let text: String
        let redacted: String
        var testDescription: String { text }
    }

    static let rows = [
        Row(secrets: ["hunter2"], text: "a hunter2hunter2", redacted: "a (secret)(secret)"),
        Row(secrets: ["true", "12345", ""], text: "true 12345", redacted: "true 12345"),
        Row(secrets: ["hunter", "hunter2"], text: "hunter2 hunter", redacted: "(secret) (secret)"),
        Row(
            secrets: ["first line\nshort\nthird line"], text: "x third line\nshort first line",
            redacted: "x (secret)\nshort (secret)"),
    ]

    @Test("each whole and each of its lines, the longest first, none that is short", arguments: rows)
    func texts(_ row: Row) {
        #expect(Redaction(of: row.secrets.map { SecretText($0) }).redacted(row.text) == row.redacted)
    }

    @Test("behind a mark only: what else an answer says stays, whatever the secrets are")
    func marked() {
        let redaction = Redaction(of: ["output", "status"].map { SecretText($0) })
        #expect(
            redaction.redacted("status=0\noutput=status\r\noutput=an output=1\nxoutput=status\n", behind: "output=")
                == "status=0\noutput=(secret)\r\noutput=an (secret)=1\nxoutput=status\n")
        var command = LocalCommand(script: "x")
        command.redactions = [SecretText("hunter2")]
        let report = LocalReport(isSuccess: false, code: "exited 1", message: "no hunter2")
        #expect(report.redacted(for: .command(command)).message == "no (secret)")
        #expect(report.redacted(for: .command(LocalCommand(script: "x"))) == report)
    }
}
