/// Something that the machine which runs fleet does itself, never a node's host.
public enum LocalAct: Hashable, Sendable {
    /// A command of the operator's.
    case command(LocalCommand)
    /// One HTTP request.
    case request(LocalRequest)
    /// One query of a Prometheus server.
    case query(MetricQuery)
}

/// A command on the machine that runs fleet, with fleet's own environment and rights.
public struct LocalCommand: Hashable, Sendable {
    /// POSIX shell text; never put on a command line, which everybody on the machine may read.
    public var script: String
    /// More variables of its environment.
    public var environment: [String: String]
    /// The longest it may take, in seconds; then it is killed with everything it started.
    public var timeoutSeconds: Int64
    /// What no report may repeat: secrets that the text was made of.
    public var redactions: Set<SecretText> = []

    /// A command.
    public init(script: String, environment: [String: String] = [:], timeoutSeconds: Int64 = 30) {
        self.script = script
        self.environment = environment
        self.timeoutSeconds = timeoutSeconds
    }
}

/// An HTTP request from the machine that runs fleet.
public struct LocalRequest: Hashable, Sendable {
    /// The method, such as `GET`.
    public var method: String
    /// The address; it may hold a secret, so that no message shows it.
    public var url: SecretText
    /// A file with a bearer token, read anew for each request.
    public var bearerTokenFile: String?
    /// The body, which is JSON; nil for none.
    public var body: String?
    /// Statuses that count as success.
    public var statuses: [Int]
    /// The longest it may take, in seconds.
    public var timeoutSeconds: Int64

    /// A request.
    public init(
        method: String = "GET", url: SecretText, bearerTokenFile: String? = nil, body: String? = nil,
        statuses: [Int] = [200], timeoutSeconds: Int64 = 30
    ) {
        self.method = method
        self.url = url
        self.bearerTokenFile = bearerTokenFile
        self.body = body
        self.statuses = statuses
        self.timeoutSeconds = timeoutSeconds
    }
}

/// An instant query of a Prometheus server (`/api/v1/query`).
public struct MetricQuery: Hashable, Sendable {
    /// The server, such as `https://prometheus.example`.
    public var server: SecretText
    /// The query, in PromQL.
    public var expression: String
    /// A file with a bearer token, read anew for each query.
    public var bearerTokenFile: String?
    /// The longest it may take, in seconds.
    public var timeoutSeconds: Int64

    /// A query.
    public init(
        server: SecretText, expression: String, bearerTokenFile: String? = nil, timeoutSeconds: Int64 = 30
    ) {
        self.server = server
        self.expression = expression
        self.bearerTokenFile = bearerTokenFile
        self.timeoutSeconds = timeoutSeconds
    }
}

/// What became of a local act.
public struct LocalReport: Hashable, Sendable {
    /// Whether it did what was asked.
    public var isSuccess: Bool
    /// How it ended: `exited 3`, `status 503`, `timed out`, `never started`.
    public var code: String
    /// Why it failed, in the command's or server's own words; empty on success.
    public var message: String
    /// The numbers that a query answered; empty for the others.
    public var values: [Double]

    /// A report.
    public init(isSuccess: Bool, code: String, message: String = "", values: [Double] = []) {
        self.isSuccess = isSuccess
        self.code = code
        self.message = message
        self.values = values
    }
}
