import FleetModel

extension Plan {
    /// What in a stored plan no planner ever wrote; nil when there is nothing.
    ///
    /// A plan may come from another machine, as a file that anybody could have written.
    public var implausibility: String? {
        guard zip(1..., waves).allSatisfy({ $0 == $1.number }) else {
            return "its waves are not numbered from 1 on"
        }
        guard (1...10_000).contains(policy.parallelism), (0...Self.most).contains(policy.maxFailures) else {
            return "its policy holds a number that makes no sense"
        }
        let numbers =
            [forecast.evictions, forecast.shortestSeconds, forecast.longestSeconds]
            + forecast.waves.flatMap { [$0.evictions, $0.shortestSeconds, $0.longestSeconds] }
            + forecast.stalls.flatMap { [$0.pods, $0.seconds] }
        return numbers.allSatisfy { (0...Self.most).contains($0) }
            ? nil : "its forecast holds a number that makes no sense"
    }

    /// More of anything is no plan's; sums of as many nodes still fit.
    private static let most = 1_000_000_000_000
}
