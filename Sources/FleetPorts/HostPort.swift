public import FleetModel

/// The hosts over SSH, as the runtime sees them.
public protocol HostPort: Sendable {
    /// Runs a script on a host and reports truthfully how it ended; never throws.
    func run(_ command: HostCommand, on endpoint: HostEndpoint) async -> HostReport
}
