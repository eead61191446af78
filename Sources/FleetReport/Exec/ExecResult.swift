public import FleetModel

/// What became of an ad-hoc command on one host.
public struct ExecResult: Hashable, Sendable {
    /// The inventory name.
    public var host: HostName
    /// The address dialled.
    public var address: String
    /// What the host reported; nil when its turn never came.
    public var report: HostReport?

    /// A result.
    public init(_ host: HostName, address: String, report: HostReport? = nil) {
        self.host = host
        self.address = address
        self.report = report
    }

    /// What it comes to.
    public var end: ExecEnd { ExecEnd(report?.outcome) }

    /// The outcome in a few words.
    public var words: String { report?.outcome.words ?? "not begun" }

    /// Those words without the host's own name and address, so that hosts with the same trouble are told together.
    var sharedWords: String {
        let words = words.replacing(address, with: "ADDRESS")
        return host.rawValue == address ? words : words.replacing(host.rawValue, with: "HOST")
    }
}
