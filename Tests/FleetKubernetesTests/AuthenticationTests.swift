import FleetModel
import FleetWire
import Foundation
import NIOConcurrencyHelpers
import NIOSSL
import Testing

@testable import FleetKubernetes

@Suite(.serialized) struct AuthenticationTests {
    private static func kubeconfig(_ server: ScriptedServer, cluster: String = "", user: String, tls: Bool = false)
        throws -> ClusterConnection
    {
        let scheme = tls ? "https" : "http"
        let path = try temporaryFile(
            "config",
            """
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: me}}]
            clusters: [{name: k, cluster: {server: '\(scheme)://127.0.0.1:\(server.port)'\(cluster.isEmpty ? "" : ", \(cluster)")}}]
            users: [{name: me, user: {\(user)}}]
            """)
        return try Kubeconfig(explicitPath: path, environment: [:]).connection()
    }

    private func version(_ connection: ClusterConnection) async throws -> String {
        try await KubernetesClient.withClient(connection: connection, options: .quick) { client in
            try await client.serverVersion()
        }
    }

    private func failure(_ connection: ClusterConnection) async throws -> ClusterFailure {
        var options = ClientOptions.quick
        options.retries = 0
        options.pluginTimeout = .seconds(2)
        return try await KubernetesClient.withClient(connection: connection, options: options) { client in
            do throws(ClusterFailure) {
                _ = try await client.serverVersion()
                return ClusterFailure(.malformed, message: "it succeeded")
            } catch {
                return error
            }
        }
    }

    // MARK: Tokens and passwords

    @Test(
        arguments: [
            ("token: t1", "Bearer t1"), ("username: u, password: p", "Basic dTpw"), ("{}", nil),
        ] as [(String, String?)])
    func headers(user: String, header: String?) async throws {
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let connection = try Self.kubeconfig(server, user: user == "{}" ? "" : user)
            _ = try await version(connection)
            #expect(server.requests.last?.headers["authorization"] == header)
        }
    }

    @Test("a token is sent without the line break around it; one with a line break inside is refused, and never told")
    func tokensWithLineBreaks() async throws {
        let plugin = { (token: String) in
            """
            exec: {apiVersion: client.authentication.k8s.io/v1, command: printf, interactiveMode: Never, args: ['%s', \
            '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"\(token)"}}']}
            """
        }
        let file = try temporaryFile("token", "hunter\n2\n")
        try await ScriptedServer.run(FakeAPI().respond) { server in
            for user in [#"token: "hunter2\n""#, plugin(#"hunter2\n"#)] {
                _ = try await version(Self.kubeconfig(server, user: user))
                #expect(server.requests.last?.headers["authorization"] == "Bearer hunter2")
            }
            let error = #expect(throws: KubeconfigError.self) {
                try Self.kubeconfig(server, user: #"token: "hunter\n2""#)
            }
            #expect(error.map { !"\($0)".contains("hunter") } == true)
            for user in ["tokenFile: \(file)", plugin(#"hunter\n2"#)] {
                let failure = try await failure(Self.kubeconfig(server, user: user))
                #expect(failure.message.contains("control character") && !"\(failure)".contains("hunter"), "\(failure)")
            }
        }
    }

    @Test("what the transport says of a header that cannot be sent holds no header")
    func noHeaderInFailures() async throws {
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let connection = try ClusterConnection(
                server: "http://127.0.0.1:\(server.port)", token: Secret("hunter2\nmore"))
            let failure = try await failure(connection)
            #expect(failure.code == .connectionLost && !"\(failure)".contains("hunter2"), "\(failure)")
        }
    }

    @Test func impersonation() async throws {
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let user = "as: jane, as-uid: u1, as-groups: [a, b], as-user-extra: {'ex/tra': [x]}"
            _ = try await version(Self.kubeconfig(server, user: user))
            let headers = try #require(server.requests.last?.headers)
            #expect(headers["impersonate-user"] == "jane" && headers["impersonate-uid"] == "u1")
            #expect(headers["impersonate-group"] == "a,b")
            #expect(headers["impersonate-extra-ex%2ftra"] == "x")
        }
    }

    @Test func aTokenFileIsReadAgain() async throws {
        let file = try temporaryFile("token", " first \n")
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let connection = try Self.kubeconfig(server, user: "tokenFile: \(file), token: other")
            try await KubernetesClient.withClient(connection: connection, options: .quick) { client in
                _ = try await client.serverVersion()
                try "second".write(toFile: file, atomically: true, encoding: .utf8)
                _ = try await client.serverVersion()
                try FileManager.default.removeItem(atPath: file)
                _ = try await client.serverVersion()
            }
            #expect(
                server.requests.map { $0.headers["authorization"] } == [
                    "Bearer first", "Bearer second", "Bearer other",
                ])
        }
    }

    @Test func aMissingTokenFileIsNamed() async throws {
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let failure = try await failure(Self.kubeconfig(server, user: "tokenFile: /nowhere/token"))
            #expect(failure.code == .credentials)
            #expect(failure.message == "user \"me\": the token file /nowhere/token cannot be read or is empty")
            #expect(server.requests.isEmpty)
        }
    }

    @Test func aRefusedTokenFileIsReadAgainAtOnce() async throws {
        let file = try temporaryFile("token", "old")
        var options = ClientOptions.quick
        options.credentialReload = .seconds(50)
        try await ScriptedServer.run({ request in
            if request.headers["authorization"] == "Bearer new" { return .json(["gitVersion": "v1"]) }
            try? "new".write(toFile: file, atomically: true, encoding: .utf8)
            return .status(401, "Unauthorized", "Unauthorized")
        }) { server in
            let connection = try Self.kubeconfig(server, user: "tokenFile: \(file)")
            try await KubernetesClient.withClient(connection: connection, options: options) { client in
                let version = try await client.serverVersion()
                #expect(version == "v1")
            }
            #expect(server.requests.count == 2)
        }
    }

    @Test func aRefusalSaysWhoseTokenExpired() async throws {
        let claims = Data(#"{"exp":1767323045}"#.utf8).base64EncodedString().replacing("=", with: "")
        let api = FakeAPI()
        api.on("GET /version", .status(401, "Unauthorized", "Unauthorized"))
        try await ScriptedServer.run(api.respond) { server in
            let failure = try await failure(Self.kubeconfig(server, user: "token: aaa.\(claims).zzz"))
            #expect(failure.code == .unauthorized)
            #expect(
                failure.message
                    == "Unauthorized (the token of user \"me\" of context \"c\" expired at 2026-01-02T03:04:05Z)")
            #expect(server.requests.count == 1, "there is no other credential to try")
        }
    }

    // MARK: Plugins

    private func plugin(_ script: String) throws -> String {
        try temporaryFile("login", "#!/bin/sh\n\(script)\n", executable: true)
    }

    private func exec(_ command: String, _ more: String = "") -> String {
        "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: \(command)\(more)}"
    }

    private func answer(_ status: String) -> String {
        #"printf '%s' '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":\#(status)}'"#
    }

    @Test func aPluginRunsOnceAndIsAskedAgainAfterARefusal() async throws {
        let count = try temporaryFile("count", "")
        let command = try plugin(
            "echo x >> \(count)\nn=$(wc -l < \(count) | tr -d ' ')\n"
                + #"echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"t$n\"}}""#
        )
        let refused = NIOLockedValueBox<Set<String>>([])
        try await ScriptedServer.run({ request in
            let token = request.headers["authorization"] ?? ""
            if refused.withLockedValue({ $0.contains(token) }) { return .status(401, "Unauthorized", "Unauthorized") }
            return .json(["gitVersion": "v1"])
        }) { server in
            let connection = try Self.kubeconfig(server, user: exec(command))
            try await KubernetesClient.withClient(connection: connection, options: .quick) { client in
                _ = try await client.serverVersion()
                _ = try await client.serverVersion()
                refused.withLockedValue { _ = $0.insert("Bearer t1") }
                _ = try await client.serverVersion()
            }
            #expect(
                server.requests.map { $0.headers["authorization"] } == [
                    "Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2",
                ])
        }
    }

    @Test func manyCallersShareOneRun() async throws {
        let count = try temporaryFile("count", "")
        let command = try plugin("echo x >> \(count)\nsleep 0.2\n" + answer(#"{"token":"t"}"#))
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let connection = try Self.kubeconfig(server, user: exec(command))
            try await KubernetesClient.withClient(connection: connection, options: .quick) { client in
                try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<10 { group.addTask { try await client.serverVersion() } }
                    for try await version in group { #expect(version == "v1.36.0") }
                }
            }
            #expect(try String(contentsOfFile: count, encoding: .utf8) == "x\n")
        }
    }

    @Test func anExpiredCredentialIsObtainedAnew() async throws {
        let count = try temporaryFile("count", "")
        let command = try plugin(
            "echo x >> \(count)\n" + answer(#"{"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"}"#))
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let connection = try Self.kubeconfig(server, user: exec(command))
            try await KubernetesClient.withClient(connection: connection, options: .quick) { client in
                _ = try await client.serverVersion()
                _ = try await client.serverVersion()
            }
            #expect(try String(contentsOfFile: count, encoding: .utf8) == "x\nx\n")
        }
    }

    @Test func aPluginGetsItsEnvironment() async throws {
        let seen = try temporaryFile("seen", "")
        let command = try plugin(
            #"echo "$KUBERNETES_EXEC_INFO $EXTRA $1" > \#(seen)"# + "\n" + answer(#"{"token":"t"}"#))
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let more = ", args: [arg], env: [{name: EXTRA, value: extra}], provideClusterInfo: true"
            _ = try await version(Self.kubeconfig(server, user: exec(command, more)))
            let text = try String(contentsOfFile: seen, encoding: .utf8)
            #expect(text.hasSuffix(" extra arg\n"))
            let info = try JSONValue(parsing: text.replacing(" extra arg\n", with: ""))
            #expect(info["kind"] == "ExecCredential" && info["spec"]["interactive"] == false)
            #expect(info["spec"]["cluster"]["server"] == .string("http://127.0.0.1:\(server.port)"))
        }
    }

    @Test(arguments: [
        ("echo 'log in first' >&2; echo secret-out; exit 3", "ended with exit code 3: log in first"),
        ("echo secret-out", "did not print JSON"), ("echo '{}'", "did not print an ExecCredential"),
        (
            #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"secret-out"}}'"#,
            "printed apiVersion \"client.authentication.k8s.io/v1beta1\" where"
        ),
        (
            #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}'"#,
            "printed neither token nor certificate"
        ),
        (
            #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"secret-out","clientKeyData":"secret-out"}}'"#,
            "printed only one of"
        ),
        ("kill -9 $$", "was ended by signal 9"),
        ("sleep 600", "did not end within 2s"),
    ])
    func aPluginsFailureIsTold(script: String, words: String) async throws {
        let command = try plugin(script)
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let failure = try await failure(Self.kubeconfig(server, user: exec(command)))
            #expect(failure.code == .credentials)
            #expect(failure.message.contains("exec plugin \(command) \(words)"), "\(failure.message)")
            #expect(!failure.message.contains("secret-out"))
        }
    }

    @Test func aMissingPluginComesWithItsHint() async throws {
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let user = exec("fleet-none-such", ", installHint: install it from the shop")
            let failure = try await failure(Self.kubeconfig(server, user: user))
            #expect(failure.message.contains("exec plugin fleet-none-such cannot be run"))
            #expect(failure.message.hasSuffix("install it from the shop"))
        }
    }

    @Test func aPluginThatNeedsATerminalIsNotRunWithoutOne() async throws {
        try await ScriptedServer.run(FakeAPI().respond) { server in
            let user = "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always, command: login}"
            let failure = try await failure(Self.kubeconfig(server, user: user))
            #expect(failure.message.contains("needs a terminal"))
        }
    }

    // MARK: TLS

    private func tls(_ certificates: Certificates, _ name: String, demandsClient: Bool = false) throws
        -> TLSConfiguration
    {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificates.certificate(name)).map {
                .certificate($0)
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificates.key(name), format: .pem)))
        if demandsClient {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .file(certificates.authority)
        }
        return configuration
    }

    @Test(.enabled(if: Certificates.isAvailable, "openssl is not installed"))
    func anAuthorityInAFileOrInline() async throws {
        let certificates = try Certificates.shared.get()
        try await ScriptedServer.run(tls: tls(certificates, "server"), FakeAPI().respond) { server in
            let inline = "certificate-authority-data: \(try certificates.base64(certificates.authority))"
            for cluster in [
                "certificate-authority: \(certificates.authority)", inline, "insecure-skip-tls-verify: true",
            ] {
                let connection = try Self.kubeconfig(server, cluster: cluster, user: "token: t", tls: true)
                let version = try await version(connection)
                #expect(version == "v1.36.0")
            }
        }
    }

    @Test(.enabled(if: Certificates.isAvailable, "openssl is not installed"))
    func anotherServerName() async throws {
        let certificates = try Certificates.shared.get()
        try await ScriptedServer.run(tls: tls(certificates, "elsewhere"), FakeAPI().respond) { server in
            let cluster = "certificate-authority: \(certificates.authority)"
            let named = try Self.kubeconfig(
                server, cluster: "\(cluster), tls-server-name: elsewhere.internal", user: "", tls: true)
            let version = try await version(named)
            #expect(version == "v1.36.0")
            #expect(server.requests.last?.headers["host"] == "127.0.0.1:\(server.port)")
            let failure = try await failure(Self.kubeconfig(server, cluster: cluster, user: "", tls: true))
            #expect(failure.code == .unreachable)
            #expect(failure.message.contains("its certificate"), "\(failure.message)")
        }
    }

    @Test(.enabled(if: Certificates.isAvailable, "openssl is not installed"), arguments: ["server", "expired"])
    func anUntrustedCertificate(name: String) async throws {
        let certificates = try Certificates.shared.get()
        let authority = name == "expired" ? certificates.authority : certificates.certificate("other")
        try await ScriptedServer.run(tls: tls(certificates, name), FakeAPI().respond) { server in
            let cluster = "certificate-authority: \(authority)"
            let failure = try await failure(
                Self.kubeconfig(server, cluster: cluster, user: "token: secret-1", tls: true))
            #expect(failure.code == .unreachable)
            #expect(
                failure.message.contains("https://127.0.0.1:\(server.port): its certificate is not trusted"),
                "\(failure.message)")
            #expect(!failure.message.contains("secret-1"))
            #expect(server.requests.isEmpty)
        }
    }

    @Test(.enabled(if: Certificates.isAvailable, "openssl is not installed"))
    func clientCertificates() async throws {
        let certificates = try Certificates.shared.get()
        try await ScriptedServer.run(tls: tls(certificates, "server", demandsClient: true), FakeAPI().respond) {
            server in
            let cluster = "certificate-authority: \(certificates.authority)"
            let files =
                "client-certificate: \(certificates.certificate("client-one")), client-key: \(certificates.key("client-one"))"
            _ = try await version(Self.kubeconfig(server, cluster: cluster, user: files, tls: true))
            #expect(server.requests.last?.clientCertificate.contains("client-one") == true)
            let inline = """
                client-certificate-data: \(try certificates.base64(certificates.certificate("client-two"))), \
                client-key-data: \(try certificates.base64(certificates.key("client-two")))
                """
            _ = try await version(Self.kubeconfig(server, cluster: cluster, user: inline, tls: true))
            #expect(server.requests.last?.clientCertificate.contains("client-two") == true)
            let without = try await failure(Self.kubeconfig(server, cluster: cluster, user: "token: t", tls: true))
            #expect([.unreachable, .connectionLost].contains(without.code), "\(without)")
        }
    }

    @Test(.enabled(if: Certificates.isAvailable, "openssl is not installed"))
    func aRenewedClientCertificateIsTakenUp() async throws {
        let certificates = try Certificates.shared.get()
        let folder = try temporaryDirectory()
        func install(_ name: String) throws {
            for (from, to) in [(certificates.certificate(name), "c.crt"), (certificates.key(name), "c.key")] {
                try certificates.text(from).write(toFile: "\(folder)/\(to)", atomically: true, encoding: .utf8)
            }
        }
        try install("client-one")
        try await ScriptedServer.run(tls: tls(certificates, "server", demandsClient: true), FakeAPI().respond) {
            server in
            let connection = try Self.kubeconfig(
                server, cluster: "certificate-authority: \(certificates.authority)",
                user: "client-certificate: \(folder)/c.crt, client-key: \(folder)/c.key", tls: true)
            try await KubernetesClient.withClient(connection: connection, options: .quick) { client in
                _ = try await client.serverVersion()
                try install("client-two")
                _ = try await client.serverVersion()
            }
            #expect(server.requests.map { $0.clientCertificate.contains("client-two") } == [false, true])
        }
    }

    @Test(.enabled(if: Certificates.isAvailable, "openssl is not installed"))
    func aPluginMayYieldACertificate() async throws {
        let certificates = try Certificates.shared.get()
        let status: JSONValue = [
            "clientCertificateData": .string(try certificates.text(certificates.certificate("client-one"))),
            "clientKeyData": .string(try certificates.text(certificates.key("client-one"))),
        ]
        let command = try plugin(answer(status.description))
        try await ScriptedServer.run(tls: tls(certificates, "server", demandsClient: true), FakeAPI().respond) {
            server in
            let cluster = "certificate-authority: \(certificates.authority)"
            _ = try await version(Self.kubeconfig(server, cluster: cluster, user: exec(command), tls: true))
            #expect(server.requests.last?.clientCertificate.contains("client-one") == true)
        }
    }

    // MARK: Proxies

    @Test func aProxyStandsBefore() async throws {
        try await ScriptedServer.run(FakeAPI().respond) { proxy in
            var connection = try ClusterConnection(server: "http://api.invalid:6443")
            connection.proxy = ClusterConnection.Proxy(
                scheme: .http, host: "127.0.0.1", port: proxy.port, user: "u", password: Secret("p"))
            _ = try await failure(connection)
            let request = try #require(proxy.requests.first)
            #expect(
                request.method == "CONNECT" ? request.target == "api.invalid:6443" : request.target.contains("/version")
            )
            #expect(request.headers["proxy-authorization"] == "Basic dTpw")
        }
    }

    @Test func aDeadProxyIsNamed() async throws {
        var connection = try ClusterConnection(server: "http://api.invalid:6443")
        connection.proxy = ClusterConnection.Proxy(
            scheme: .http, host: "127.0.0.1", port: 1, password: Secret("secret-1"))
        let failure = try await failure(connection)
        #expect(failure.code == .unreachable)
        #expect(failure.message.contains("through the proxy 127.0.0.1:1: Connection refused"), "\(failure.message)")
    }

    @Test func anUnknownNameIsTold() async throws {
        let failure = try await failure(ClusterConnection(server: "http://fleet-none-such.invalid:6443"))
        #expect(failure.code == .unreachable)
        #expect(failure.message.contains("http://fleet-none-such.invalid:6443"), "\(failure.message)")
    }
}
