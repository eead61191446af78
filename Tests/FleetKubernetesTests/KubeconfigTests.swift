import FleetWire
import Foundation
import Testing

@testable import FleetKubernetes

@Suite struct KubeconfigTests {
    private func text(
        cluster: String = "server: https://10.0.0.1:6443", user: String = "token: secret-token",
        context: String = "prod"
    ) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: \(context)
        clusters:
        - name: east
          cluster: {\(cluster)}
        contexts:
        - name: prod
          context: {cluster: east, user: admin, namespace: shop}
        users:
        - name: admin
          user: {\(user)}
        """
    }

    private func load(_ text: String) throws -> ClusterConnection {
        let path = try temporaryFile("config", text)
        return try Kubeconfig(explicitPath: path, environment: [:]).connection()
    }

    @Test func everythingInOneFile() throws {
        let connection = try load(
            text(
                cluster:
                    "server: 'https://10.0.0.1:6443/base/', tls-server-name: api.internal, insecure-skip-tls-verify: true"
            ))
        #expect(connection.server == "https://10.0.0.1:6443/base")
        #expect(connection.host == "10.0.0.1" && connection.port == 6443 && connection.basePath == "/base")
        #expect(connection.tlsServerName == "api.internal" && connection.isInsecure)
        #expect(connection.namespace == "shop" && connection.user == "admin" && connection.cluster == "east")
        #expect(connection.authentication == .token(Secret("secret-token")))
    }

    @Test func pathsAreRelativeToTheirFile() throws {
        let path = try temporaryFile(
            "config",
            text(
                cluster: "server: https://h, certificate-authority: pki/ca.crt",
                user: "client-certificate: ../a.crt, client-key: /abs/a.key, tokenFile: t"))
        let folder = (path as NSString).deletingLastPathComponent
        let connection = try Kubeconfig(explicitPath: path, environment: [:]).connection()
        #expect(connection.certificateAuthority == .file("\(folder)/pki/ca.crt"))
        #expect(connection.clientCertificate == .file("\(folder)/../a.crt"))
        #expect(connection.clientKey == .file("/abs/a.key"))
        #expect(connection.authentication == .tokenFile("\(folder)/t", fallback: nil))
    }

    @Test func theFirstFileWinsPerEntry() throws {
        let first = try temporaryFile(
            "first", "clusters: [{name: east, cluster: {server: 'https://first'}}]\ncurrent-context: ''\n")
        let second = try temporaryFile("second", text(cluster: "server: https://second"))
        let paths = "/nowhere/config:\(first):\(second):\(first)"
        let connection = try Kubeconfig(environment: ["KUBECONFIG": paths]).connection()
        #expect(connection.server == "https://first")
        #expect(connection.context == "prod", "the first file that names one")
        #expect(Kubeconfig(environment: ["KUBECONFIG": paths]).paths.count == 3)
    }

    @Test func theHomeDirectoryIsTheDefault() throws {
        let home = try temporaryDirectory()
        try FileManager.default.createDirectory(atPath: "\(home)/.kube", withIntermediateDirectories: true)
        try text().write(toFile: "\(home)/.kube/config", atomically: true, encoding: .utf8)
        #expect(try Kubeconfig(environment: ["HOME": home]).connection().context == "prod")
    }

    @Test func aContextMayBeChosen() throws {
        let path = try temporaryFile(
            "config", text(context: "''") + "\n- name: other\n  user: {}\n")
        #expect(try Kubeconfig(explicitPath: path, context: "prod", environment: [:]).connection().context == "prod")
    }

    @Test func insideAPod() throws {
        let directory = try temporaryDirectory()
        try "pod-token\n".write(toFile: "\(directory)/token", atomically: true, encoding: .utf8)
        try "fleet\n".write(toFile: "\(directory)/namespace", atomically: true, encoding: .utf8)
        var kubeconfig = Kubeconfig(
            environment: ["HOME": directory, "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"])
        kubeconfig.serviceAccountDirectory = directory
        let connection = try kubeconfig.connection()
        #expect(connection.server == "https://[fd00::1]:443" && connection.host == "fd00::1")
        #expect(connection.authentication == .tokenFile("\(directory)/token", fallback: nil))
        #expect(connection.certificateAuthority == .file("\(directory)/ca.crt"))
        #expect(connection.namespace == "fleet")
    }

    @Test func impersonation() throws {
        let connection = try load(
            text(user: "token: t, as: jane, as-uid: u1, as-groups: [a, b], as-user-extra: {scope: [x, y]}"))
        #expect(connection.impersonation.user == "jane" && connection.impersonation.uid == "u1")
        #expect(connection.impersonation.groups == ["a", "b"])
        #expect(connection.impersonation.extra == ["scope": ["x", "y"]])
    }

    @Test func aPluginIsUsedOnlyWithoutOtherCredentials() throws {
        let exec = "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./bin/login, args: [a, '1']}"
        let path = try temporaryFile("config", text(user: exec))
        let folder = (path as NSString).deletingLastPathComponent
        guard case .exec(let plugin) = try Kubeconfig(explicitPath: path, environment: [:]).connection().authentication
        else {
            Issue.record("no plugin")
            return
        }
        #expect(plugin.command == "\(folder)/./bin/login")
        #expect(plugin.arguments == ["a", "1"])
        #expect(plugin.interactiveMode == .ifAvailable)
        #expect(try load(text(user: "token: t, \(exec)")).authentication == .token(Secret("t")))
    }

    @Test func theClusterIsToldToAPluginThatAsks() throws {
        let connection = try load(
            text(
                cluster:
                    "server: https://h, extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: x, n: 1}}]",
                user:
                    "exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Never, provideClusterInfo: true}"
            ))
        guard case .exec(let plugin) = connection.authentication else {
            Issue.record("no plugin")
            return
        }
        #expect(plugin.cluster["server"] == "https://h")
        #expect(plugin.cluster["config"] == ["audience": "x", "n": 1])
    }

    @Test(arguments: [
        (
            "server: https://h, certificate-authority: a, certificate-authority-data: Yg==", "",
            "cluster \"east\": certificate-authority and certificate-authority-data are both set"
        ),
        (
            "server: https://h, certificate-authority: a, insecure-skip-tls-verify: true", "",
            "insecure-skip-tls-verify does not go with"
        ),
        ("server: https://h, certificate-authority-data: '%%%'", "", "certificate-authority-data is not base64"),
        ("server: 'ftp://h'", "", "no address of an API server"), ("a: b", "", "cluster \"east\": server is missing"),
        ("server: https://h, proxy-url: 'https://p:1'", "", "proxy-url: https is not supported"),
        (
            "server: https://h", "client-certificate: a, client-certificate-data: Yg==, client-key: c",
            "user \"admin\": client-certificate and client-certificate-data"
        ),
        ("server: https://h", "client-certificate: a", "without its client-key"),
        ("server: https://h", "client-key: a", "without its client certificate"),
        ("server: https://h", "token: secret-token, username: a, password: b", "a token does not go with username"),
        ("server: https://h", "exec: {apiVersion: v0, command: x}", "exec: apiVersion \"v0\" is not supported"),
        (
            "server: https://h", "exec: {apiVersion: client.authentication.k8s.io/v1, command: x}",
            "interactiveMode is missing"
        ),
        ("server: https://h", "exec: {apiVersion: client.authentication.k8s.io/v1beta1}", "exec: command is missing"),
        (
            "server: https://h",
            "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x}, auth-provider: {name: gcp}",
            "exec does not go with auth-provider"
        ),
        ("server: https://h", "auth-provider: {name: gcp}", "auth-provider was removed"),
    ])
    func invalidEntriesAreNamed(cluster: String, user: String, words: String) throws {
        let path = try temporaryFile("config", text(cluster: cluster, user: user))
        let error = #expect(throws: KubeconfigError.self) {
            try Kubeconfig(explicitPath: path, environment: [:]).connection()
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(path) == true, "the file is named")
        #expect(error?.message.contains("secret-token") == false)
    }

    @Test func whatIsMissingIsNamed() throws {
        let path = try temporaryFile("config", text())
        let unknown = #expect(throws: KubeconfigError.self) {
            try Kubeconfig(explicitPath: path, context: "x", environment: [:]).connection()
        }
        #expect(unknown?.message == "\(path): there is no context \"x\" (known: prod)")
        let absent = #expect(throws: KubeconfigError.self) {
            try Kubeconfig(explicitPath: "/nowhere/config", environment: [:]).connection()
        }
        #expect(absent?.message == "/nowhere/config: there is no such file")
        let nothing = #expect(throws: KubeconfigError.self) {
            try Kubeconfig(environment: ["HOME": "/nowhere"]).connection()
        }
        #expect(nothing?.message.hasPrefix("no kubeconfig: looked at /nowhere/.kube/config") == true)
    }

    @Test func aBrokenFileDoesNotShowItsSecrets() throws {
        let path = try temporaryFile("config", "users:\n- name: a\n  user: {token: secret-token\n- : [")
        let error = #expect(throws: KubeconfigError.self) {
            try Kubeconfig(explicitPath: path, environment: [:]).connection()
        }
        #expect(error?.message.hasPrefix("\(path): not YAML") == true)
        #expect(error?.message.contains("secret-token") == false)
    }

    /// What unfolds or nests without end is no kubeconfig.
    @Test(arguments: [
        (1...30).reduce("a0: &a0 [x]\n") { text, line in
            text + "a\(line): &a\(line) [\(Array(repeating: "*a\(line - 1)", count: 10).joined(separator: ","))]\n"
        } + "? *a30\n: 1\n",
        String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000) + "x",
        "clusters: [" + String(repeating: "{a: ", count: 100_000),
    ])
    func aBombIsRefused(text: String) async throws {
        #expect(throws: KubeconfigError.self) { try load(text) }
        #expect(ClusterInfo(kubeconfig: text) == nil)
    }

    @Test func linesMayEndAsOnWindows() throws {
        let plain = try load(text())
        let other = try load("\u{FEFF}" + text().replacingOccurrences(of: "\n", with: "\r\n"))
        #expect(other.server == plain.server && other.namespace == plain.namespace)
        #expect(other.authentication == plain.authentication)
    }

    @Test func aConnectionDoesNotShowItsSecrets() throws {
        for user in [
            "token: secret-1", "username: u, password: secret-1",
            "client-certificate: a, client-key-data: c2VjcmV0LTE=",
        ] {
            let connection = try load(text(user: user))
            var dumped = ""
            dump(connection, to: &dumped)
            #expect(!dumped.contains("secret-1") && !"\(connection)".contains("secret-1"))
        }
    }

    @Test(arguments: [
        (["HTTPS_PROXY": "http://proxy:3128"], "proxy", 3128), (["https_proxy": "proxy"], "proxy", 80),
        (["HTTPS_PROXY": "socks5://s"], "s", 1080), (["HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"], nil, 0),
        (["HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"], nil, 0),
        (["HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.1:6443"], nil, 0),
        (["HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.1:1,.example.com"], "p", 1),
        (["HTTP_PROXY": "http://p:1"], nil, 0),
    ])
    func proxiesOfTheEnvironment(environment: [String: String], host: String?, port: Int) throws {
        let path = try temporaryFile("config", text())
        let connection = try Kubeconfig(explicitPath: path, environment: environment).connection()
        #expect(connection.proxy?.host == host)
        #expect((connection.proxy?.port ?? 0) == port)
    }
}
