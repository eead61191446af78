public import FleetModel

/// The machine that runs fleet, as the runtime sees it: commands and HTTP requests of its own.
public protocol LocalPort: Sendable {
    /// Does something and reports truthfully how it ended; never throws.
    func perform(_ act: LocalAct) async -> LocalReport
}
