extension RunEvent {
    /// What the health checks found before anything was changed, or what somebody accepted as the new normal.
    public struct HealthBaseline: Hashable, Sendable, Codable {
        /// The readings, in the order of the playbook.
        public var readings: [HealthReading]
        /// The wave after which it was accepted by name; nil for the one of the start.
        public var acceptedAfter: Int?

        /// A baseline.
        public init(readings: [HealthReading], acceptedAfter: Int? = nil) {
            self.readings = readings
            self.acceptedAfter = acceptedAfter
        }
    }

    /// The health checks were judged after a wave.
    public struct HealthChecked: Hashable, Sendable, Codable {
        /// The finished wave.
        public var wave: Int
        /// Whether the run may go on.
        public var isHealthy: Bool
        /// What is worse than at the start, by check.
        public var problems: [String]
        /// The readings, in the order of the playbook.
        public var readings: [HealthReading]

        /// A judgement.
        public init(wave: Int, isHealthy: Bool, problems: [String], readings: [HealthReading]) {
            self.wave = wave
            self.isHealthy = isHealthy
            self.problems = problems
            self.readings = readings
        }
    }
}
