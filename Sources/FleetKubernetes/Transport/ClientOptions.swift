/// How a `KubernetesClient` behaves; the defaults suit a cluster of any size.
public struct ClientOptions: Sendable {
    /// Whether every write is only tried (`dryRun=All`).
    public var isDryRun = false
    /// Sent as `User-Agent`; what stands before the slash becomes the field manager (semantics 8).
    public var userAgent = "fleet/1"
    /// How many objects a page of a list holds.
    public var pageLimit = 500
    /// How many requests may be under way at once, watches aside.
    public var concurrentRequests = 16
    /// How long a connection may take to come about.
    public var connectTimeout = Duration.seconds(10)
    /// How long a write may take; the server itself ends it after 34 s (semantics 0).
    public var writeTimeout = Duration.seconds(40)
    /// How long a read may take to begin, and to fall silent; the server itself ends it after 60 s.
    public var readTimeout = Duration.seconds(65)
    /// The length of a watch that the server is asked for.
    public var watchLength = Duration.seconds(300)...Duration.seconds(600)
    /// A watch that stays silent for so long is taken for dead; bookmarks come about every minute.
    public var watchSilence = Duration.seconds(120)
    /// How often a request that surely did not land is repeated.
    public var retries = 4
    /// The waits between attempts.
    public var backoff = Backoff()
    /// How many times in a row a watch may be refused (401, 403) before it ends for good.
    public var refusalsTolerated = 3
    /// When token and certificate files are read again.
    public var credentialReload = Duration.seconds(50)
    /// How long an exec plugin may take; one that may ask a person gets ten times as long.
    public var pluginTimeout = Duration.seconds(60)
    /// Whether exec plugins may ask at the terminal.
    public var isInteractive = false

    /// The defaults.
    public init() {}
}

/// Waits that double, with jitter: client-go's reflector starts at 0.8 s and ends at 30 s (semantics 6.2).
public struct Backoff: Sendable {
    /// The first wait.
    public var first = Duration.milliseconds(800)
    /// The longest wait.
    public var longest = Duration.seconds(30)

    /// The reflector's waits.
    public init() {}

    /// Other waits.
    public init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The wait before attempt number `attempt` (1 is the first repetition): between one and two times the doubled wait.
    func wait(_ attempt: Int) -> Duration {
        let doubled = first * Int(1 << min(max(attempt - 1, 0), 10))
        return min(doubled, longest) * Double.random(in: 1...1.5)
    }
}
