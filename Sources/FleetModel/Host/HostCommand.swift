/// Bytes that a script may ask for while it runs: the engine hands them over piece by piece, and only when asked.
public enum HostInput: Hashable, Sendable, Codable {
    /// What is in memory already.
    case bytes([UInt8])
    /// A file of this machine, read while it is sent; `size` is what the host was told, in bytes.
    case file(path: String, size: Int)

    /// How many bytes it is.
    public var size: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(_, let size): size
        }
    }
}

/// A script to be run on a host.
public struct HostCommand: Hashable, Sendable, Codable {
    /// POSIX shell text, fed to `sh` on standard input or uploaded; never put on a command line.
    public var script: String
    /// Variables exported before the script, whatever the server's AcceptEnv says.
    public var environment: [String: String]
    /// More such variables, which no journal, log or report may show; they reach the host on standard input only.
    public var secrets: [String: SecretText] = [:]
    /// What else no report may repeat: secrets that the script's text was made of, or that an earlier command was given.
    public var redactions: Set<SecretText> = []
    /// What stands before each line of the operator's own output in an answer that fleet reads; nil where all output is.
    public var outputMark: String?
    /// What the script may ask for with the function `fleet_input NUMBER SIZE`, which prints it; numbered from 0.
    public var inputs: [HostInput] = []
    /// Where the script begins, instead of the user's home directory; it is not begun where that cannot be entered.
    public var workingDirectory: String?
    /// The script's umask in octal, such as `027`; nil leaves the user's.
    public var umask: String?
    /// Whether it gets a terminal, which some sudoers want (`requiretty`): standard error then comes on standard output.
    public var hasTerminal = false
    /// Whether it must travel over a connection made for it: it proves that the host can still be reached anew.
    public var needsNewConnection = false
    /// Whether it runs as root through the host's become method.
    public var becomesRoot: Bool
    /// The longest it may take, in seconds.
    public var timeoutSeconds: Int64
    /// The longest it may print nothing at all, in seconds; nil lets it be silent for as long as it may take.
    public var idleSeconds: Int64?
    /// The longest that everything together may take, in seconds; nil leaves each part to its own deadline.
    ///
    /// Connecting, other attempts and the command count.
    public var totalSeconds: Int64?
    /// What standard output may grow to, in bytes; the rest is counted, not kept.
    public var outputLimit: Int

    /// A command with ten minutes and 1 MiB of output.
    public init(
        script: String, environment: [String: String] = [:], becomesRoot: Bool = true, timeoutSeconds: Int64 = 600,
        outputLimit: Int = 1 << 20
    ) {
        self.script = script
        self.environment = environment
        self.becomesRoot = becomesRoot
        self.timeoutSeconds = timeoutSeconds
        self.outputLimit = outputLimit
    }
}

/// The two streams that a command writes to.
public enum HostStream: Hashable, Sendable, Codable {
    /// Standard output.
    case output
    /// Standard error.
    case error
}

/// How a command ended: one closed enumeration all the way to the report (ssh-facts 3.5).
public enum HostOutcome: Hashable, Sendable, Codable {
    /// The phases that have a deadline of their own.
    public enum Phase: String, Hashable, Sendable, Codable {
        case connect, handshake, authentication, command, idle, total
    }

    /// It ran to its end with this status.
    case exited(Int32)
    /// A signal ended it; without the `SIG` prefix.
    case signalled(String)
    /// The server closed the channel without saying how it ended.
    case noStatus
    /// The transport broke after the command was started: it may still be running.
    case transportLost(String)
    /// A deadline passed; what had begun (`command`, `idle`, `total`) was ended on the host.
    case timedOut(Phase)
    /// It was never started; safe to try again.
    case neverStarted(String)
    /// fleet refused, and nothing was sent: unknown or changed host key, no usable authentication.
    case refused(HostRefusal)

    /// Whether it ran and exited with 0.
    public var isSuccess: Bool { self == .exited(0) }
}

/// Why fleet refused to talk to a host, or the host to fleet.
public struct HostRefusal: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// The cause.
    public enum Code: String, Hashable, Sendable, Codable {
        case hostKeyUnknown, hostKeyChanged, hostKeyRevoked, hostKeyUnsupported
        case authenticationFailed, identityUnusable, becomeFailed, configuration
    }

    /// The cause.
    public var code: Code
    /// What, with the fingerprints or methods involved, and the one-line mend.
    public var message: String

    /// A refusal.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

/// What became of a command on a host.
public struct HostReport: Hashable, Sendable, Codable {
    /// Where the way to a host ended on which nothing was started.
    public enum Stage: String, Hashable, Sendable, Codable {
        /// At a jump host, or between the last one and the host.
        case jumpHost
        /// No connection came about.
        case connect
        /// Before the keys were exchanged and the host's was judged.
        case handshake
        /// While logging in.
        case authentication
        /// Logged in: no channel was opened, or no shell started.
        case shell
    }

    /// How it ended.
    public var outcome: HostOutcome
    /// Standard output, up to the command's limit.
    public var standardOutput: String
    /// Standard error, up to the command's limit.
    public var standardError: String
    /// Bytes dropped beyond the limit.
    public var droppedBytes: Int
    /// Milliseconds by phase, such as `connect`, `handshake`, `authentication`, `command`.
    public var timings: [String: Int]
    /// Where the way ended; nil where the command began, or the host was not even dialled.
    public var stage: Stage?

    /// A report.
    public init(
        outcome: HostOutcome, standardOutput: String = "", standardError: String = "", droppedBytes: Int = 0,
        timings: [String: Int] = [:], stage: Stage? = nil
    ) {
        self.outcome = outcome
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.droppedBytes = droppedBytes
        self.timings = timings
        self.stage = stage
    }
}
