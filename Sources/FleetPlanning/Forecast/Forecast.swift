/// How long a plan should take, and what holds it up.
///
/// Seconds count moving the pods and soaking; host steps, approvals and windows are not in them.
public struct Forecast: Hashable, Sendable, Codable {
    /// One wave's part.
    public struct Wave: Hashable, Sendable, Codable {
        /// The wave's number.
        public var number: Int
        /// Pods to be evicted.
        public var evictions: Int
        /// The lower bound: no budget, rate or cap permits less.
        public var shortestSeconds: Int
        /// With every pod using up its grace period and starting slowly.
        public var longestSeconds: Int

        /// A wave's part.
        public init(number: Int, evictions: Int, shortestSeconds: Int, longestSeconds: Int) {
            self.number = number
            self.evictions = evictions
            self.shortestSeconds = shortestSeconds
            self.longestSeconds = longestSeconds
        }
    }

    /// A budget or a workload whose pods must go one batch after the other.
    public struct Stall: Hashable, Sendable, Codable {
        /// Such as `PodDisruptionBudget shop/cart`, or `Deployment shop/cart` for an implicit budget.
        public var subject: String
        /// The wave in which it holds up most.
        public var wave: Int
        /// Its pods on that wave's nodes.
        public var pods: Int
        /// How many of them may be out at once.
        public var allowance: Int
        /// How long its pods take at least.
        public var seconds: Int

        /// A stall.
        public init(subject: String, wave: Int, pods: Int, allowance: Int, seconds: Int) {
            self.subject = subject
            self.wave = wave
            self.pods = pods
            self.allowance = allowance
            self.seconds = seconds
        }
    }

    /// Pods to be evicted, over all waves.
    public var evictions: Int
    /// The lower bound, in seconds.
    public var shortestSeconds: Int
    /// A cautious guess, in seconds.
    public var longestSeconds: Int
    /// The same by wave.
    public var waves: [Wave]
    /// What holds up the most, longest first; at most ten.
    public var stalls: [Stall]

    /// A forecast; everything omitted is nothing.
    public init(
        evictions: Int = 0, shortestSeconds: Int = 0, longestSeconds: Int = 0, waves: [Wave] = [],
        stalls: [Stall] = []
    ) {
        self.evictions = evictions
        self.shortestSeconds = shortestSeconds
        self.longestSeconds = longestSeconds
        self.waves = waves
        self.stalls = stalls
    }
}
