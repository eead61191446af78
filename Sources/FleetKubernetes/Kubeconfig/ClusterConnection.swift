/// Everything that is needed to speak with one cluster as one user.
public struct ClusterConnection: Hashable, Sendable {
    /// Certificates or keys in PEM, inline or in a file that is read again when it changes.
    enum PEMSource: Hashable, Sendable {
        case file(String)
        case inline(Secret)
    }

    /// Whom fleet acts as, beyond who it is.
    struct Impersonation: Hashable, Sendable {
        var user = ""
        var uid = ""
        var groups: [String] = []
        var extra: [String: [String]] = [:]

        var isEmpty: Bool { self == Impersonation() }
    }

    /// A proxy in front of the API server.
    struct Proxy: Hashable, Sendable {
        enum Scheme: String { case http, socks5 }

        var scheme: Scheme
        var host: String
        var port: Int
        var user: String?
        var password: Secret?
    }

    /// How the user proves who it is.
    enum Authentication: Hashable, Sendable {
        case none
        case token(Secret)
        /// The file wins once it is readable; the token stands in until then.
        case tokenFile(String, fallback: Secret?)
        case basic(user: String, password: Secret)
        case exec(ExecPlugin)
    }

    /// The context's name; `in-cluster` for a pod's own service account.
    public var context: String
    /// The name of the cluster entry.
    public var cluster: String
    /// The name of the user entry.
    public var user: String
    /// The context's namespace; `default` when it names none.
    public var namespace: String
    /// The server's address, such as `https://10.0.0.1:6443`, without a trailing slash.
    public var server: String

    var host = ""
    var port = 443
    var isTLS = true
    var basePath = ""
    var certificateAuthority: PEMSource?
    var isInsecure = false
    var tlsServerName: String?
    var proxy: Proxy?
    var authentication = Authentication.none
    var clientCertificate: PEMSource?
    var clientKey: PEMSource?
    var impersonation = Impersonation()

    /// A connection without credentials, to an address such as `http://127.0.0.1:8001`.
    public init(server: String, context: String = "", cluster: String = "", user: String = "") throws(KubeconfigError) {
        self.context = context
        self.cluster = cluster
        self.user = user
        namespace = "default"
        self.server = server
        try readAddress()
    }

    /// A connection that presents a bearer token.
    public init(server: String, token: Secret) throws(KubeconfigError) {
        try self.init(server: server)
        authentication = .token(token)
    }

    private mutating func readAddress() throws(KubeconfigError) {
        while server.hasSuffix("/") { server.removeLast() }
        guard let address = ServerAddress(server), ["http", "https"].contains(address.scheme) else {
            throw KubeconfigError("\"\(server)\" is no address of an API server; https://HOST:PORT was expected")
        }
        isTLS = address.scheme == "https"
        host = address.host
        port = address.port ?? (isTLS ? 443 : 80)
        basePath = address.path
    }
}
