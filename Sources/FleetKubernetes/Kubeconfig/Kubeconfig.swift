import FleetWire
import Foundation

/// Where kubeconfigs are looked for, and what is made of them (semantics 9, `~/client-go/tools/clientcmd`).
///
/// An explicit file stands alone and must exist. Otherwise the files of `$KUBECONFIG` are merged, the first one winning
/// per named entry, missing ones skipped; without it `~/.kube/config` is read. Only when all that is empty the service
/// account of the pod that fleet runs in is used.
public struct Kubeconfig: Sendable {
    /// `--kubeconfig`.
    public var explicitPath: String?
    /// `--context`.
    public var context: String?
    /// The environment: `KUBECONFIG`, `HOME`, the proxies, `KUBERNETES_SERVICE_HOST`.
    public var environment: [String: String]
    /// Where a pod finds its service account.
    public var serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// Looks in the usual places; the process's own environment by default.
    public init(
        explicitPath: String? = nil, context: String? = nil, environment: [String: String]? = nil
    ) {
        self.explicitPath = explicitPath
        self.context = context
        self.environment = environment ?? ProcessInfo.processInfo.environment
    }

    /// The connection of the chosen context.
    ///
    /// - Throws: a message that names the file and the entry.
    public func connection() throws(KubeconfigError) -> ClusterConnection {
        let (merged, files) = try load()
        if merged.isEmpty, explicitPath == nil {
            if let inCluster = try inCluster() { return inCluster }
            throw KubeconfigError(
                "no kubeconfig: looked at \(files.joined(separator: ", ")); name one with --kubeconfig or $KUBECONFIG")
        }
        return try resolve(merged, files)
    }

    // MARK: Files

    /// The files that are looked at, in order of precedence.
    var paths: [String] {
        if let explicitPath { return [explicitPath] }
        let named = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !named.isEmpty {
            var seen: Set<String> = []
            return named.filter { seen.insert($0).inserted }
        }
        return ["\(environment["HOME"] ?? NSHomeDirectory())/.kube/config"]
    }

    private func load() throws(KubeconfigError) -> (KubeconfigFile, [String]) {
        var merged = KubeconfigFile()
        for path in paths {
            guard let file = try KubeconfigFile(path: path) else {
                if explicitPath != nil { throw KubeconfigError("\(path): there is no such file") }
                continue
            }
            merged.merge(file)
        }
        return (merged, paths)
    }

    // MARK: Contexts

    private func resolve(_ merged: KubeconfigFile, _ files: [String]) throws(KubeconfigError) -> ClusterConnection {
        let known = merged.contexts.map(\.name).sorted().joined(separator: ", ")
        let place = files.joined(separator: ", ")
        let name = context ?? merged.currentContext
        guard !name.isEmpty else {
            throw KubeconfigError("\(place): no current-context; choose one with --context (known: \(known))")
        }
        guard let context = merged.contexts.first(where: { $0.name == name }) else {
            throw KubeconfigError("\(place): there is no context \"\(name)\" (known: \(known))")
        }
        guard let cluster = merged.clusters.first(where: { $0.name == context.value.cluster }) else {
            throw KubeconfigError(
                "\(context.file): context \"\(name)\" names cluster \"\(context.value.cluster)\", which does not exist")
        }
        let user = merged.users.first { $0.name == context.value.user }
        guard user != nil || context.value.user.isEmpty else {
            throw KubeconfigError(
                "\(context.file): context \"\(name)\" names user \"\(context.value.user)\", which does not exist")
        }
        var connection = try connection(to: cluster, context: name, user: user?.name ?? "")
        connection.namespace = context.value.namespace ?? "default"
        if let user { try connection.authenticate(as: user, cluster.value) }
        return connection
    }

    private func connection(
        to entry: KubeconfigFile.Entry<KubeconfigFile.Cluster>, context: String, user: String
    ) throws(KubeconfigError) -> ClusterConnection {
        let place = "\(entry.file): cluster \"\(entry.name)\""
        let cluster = entry.value
        guard !cluster.server.isEmpty else { throw KubeconfigError("\(place): server is missing") }
        if cluster.authorityFile != nil, cluster.authorityData != nil {
            throw KubeconfigError(
                "\(place): certificate-authority and certificate-authority-data are both set; keep one of them")
        }
        let authority = try pem(cluster.authorityFile, cluster.authorityData, "\(place): certificate-authority-data")
        if authority != nil, cluster.isInsecure {
            throw KubeconfigError("\(place): insecure-skip-tls-verify does not go with a certificate authority")
        }
        var connection: ClusterConnection
        do {
            connection = try ClusterConnection(
                server: cluster.server, context: context, cluster: entry.name, user: user)
        } catch {
            throw KubeconfigError("\(place): \(error)")
        }
        connection.certificateAuthority = authority
        connection.isInsecure = cluster.isInsecure
        connection.tlsServerName = cluster.tlsServerName
        connection.proxy = try ProxyChoice(environment: environment)
            .proxy(for: connection, configured: cluster.proxyURL, place: place)
        return connection
    }

    // MARK: Inside a pod

    private func inCluster() throws(KubeconfigError) -> ClusterConnection? {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"],
            !host.isEmpty, !port.isEmpty
        else { return nil }
        let token = "\(serviceAccountDirectory)/token"
        guard FileManager.default.fileExists(atPath: token) else {
            throw KubeconfigError("\(token): the pod has no service account token")
        }
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        var connection = try ClusterConnection(
            server: "https://\(authority)", context: "in-cluster", cluster: "in-cluster", user: "service account")
        connection.certificateAuthority = .file("\(serviceAccountDirectory)/ca.crt")
        connection.authentication = .tokenFile(token, fallback: nil)
        let namespace = try? String(contentsOfFile: "\(serviceAccountDirectory)/namespace", encoding: .utf8)
        connection.namespace = namespace?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "default"
        return connection
    }
}

extension KubeconfigFile {
    /// Adds the entries of a file that comes later and therefore loses.
    mutating func merge(_ other: KubeconfigFile) {
        if currentContext.isEmpty { currentContext = other.currentContext }
        clusters += other.clusters.filter { entry in !clusters.contains { $0.name == entry.name } }
        contexts += other.contexts.filter { entry in !contexts.contains { $0.name == entry.name } }
        users += other.users.filter { entry in !users.contains { $0.name == entry.name } }
    }
}

extension ClusterConnection {
    /// Takes over a user entry after checking that its parts go together.
    mutating func authenticate(
        as entry: KubeconfigFile.Entry<KubeconfigFile.User>, _ cluster: KubeconfigFile.Cluster
    ) throws(KubeconfigError) {
        let user = entry.value
        let place = "\(entry.file): user \"\(entry.name)\""
        try user.check(place)
        clientCertificate = try pem(user.certificateFile, user.certificateData, "\(place): client-certificate-data")
        clientKey = try pem(user.keyFile, user.keyData?.text, "\(place): client-key-data")
        impersonation = user.impersonation
        if let file = user.tokenFile {
            authentication = .tokenFile(file, fallback: user.token)
        } else if let token = user.token {
            authentication = .token(token)
        } else if let name = user.username {
            authentication = .basic(user: name, password: user.password ?? Secret(""))
        } else if var exec = user.exec, clientCertificate == nil {
            exec.cluster = exec.providesClusterInfo ? try clusterInfo(cluster) : .null
            authentication = .exec(exec)
        }
    }

    /// What a plugin learns about the cluster (`client.authentication.k8s.io`, `spec.cluster`).
    private func clusterInfo(_ cluster: KubeconfigFile.Cluster) throws(KubeconfigError) -> JSONValue {
        var info: JSONValue = ["server": .string(server)]
        if let tlsServerName { info["tls-server-name"] = .string(tlsServerName) }
        if isInsecure { info["insecure-skip-tls-verify"] = true }
        if let data = cluster.authorityData {
            info["certificate-authority-data"] = .string(data)
        } else if case .file(let path) = certificateAuthority, let data = FileManager.default.contents(atPath: path) {
            info["certificate-authority-data"] = .string(data.base64EncodedString())
        }
        if let proxyURL = cluster.proxyURL { info["proxy-url"] = .string(proxyURL) }
        if !cluster.execConfig.isNull { info["config"] = cluster.execConfig }
        return info
    }
}

extension KubeconfigFile.User {
    func check(_ place: String) throws(KubeconfigError) {
        func refuse(_ reason: String) -> KubeconfigError { KubeconfigError("\(place): \(reason)") }
        if certificateFile != nil, certificateData != nil {
            throw refuse("client-certificate and client-certificate-data are both set; keep one of them")
        }
        if keyFile != nil, keyData != nil {
            throw refuse("client-key and client-key-data are both set; keep one of them")
        }
        let hasCertificate = certificateFile != nil || certificateData != nil
        let hasKey = keyFile != nil || keyData != nil
        if hasCertificate, !hasKey { throw refuse("a client certificate without its client-key") }
        if hasKey, !hasCertificate { throw refuse("a client-key without its client certificate") }
        let hasToken = token != nil || tokenFile != nil
        if hasToken, username != nil { throw refuse("a token does not go with username and password") }
        if exec != nil, hasAuthProvider { throw refuse("exec does not go with auth-provider") }
        if hasAuthProvider, !hasToken, !hasCertificate, username == nil {
            throw refuse("auth-provider was removed from Kubernetes; use an exec plugin")
        }
    }
}

/// A file, or base64 that is decoded here and now; nil when neither is given.
private func pem(
    _ file: String?, _ data: String?, _ place: String
) throws(KubeconfigError) -> ClusterConnection.PEMSource? {
    if let file { return .file(file) }
    guard let data else { return nil }
    guard let decoded = Data(base64Encoded: data, options: .ignoreUnknownCharacters) else {
        throw KubeconfigError("\(place) is not base64")
    }
    return .inline(Secret(String(decoding: decoded, as: UTF8.self)))
}
