import FleetModel
import FleetReport

/// A host of an ad-hoc command, and how it is reached, or why its settings cannot be used.
struct ExecTarget: Sendable {
    let host: HostName
    let address: String
    /// Whether the inventory wants commands to run as root there.
    let becomes: Bool
    let endpoint: Result<HostEndpoint, HostRefusal>

    init(_ host: Host, _ resolver: Endpoints) {
        self.host = host.name
        address = host.connection.address
        becomes = host.connection.becomes ?? false
        do {
            endpoint = .success(try resolver.endpoint(of: host))
        } catch {
            endpoint = .failure(HostRefusal(.configuration, "\(error)"))
        }
    }

    /// What a report makes of it; nil when its turn never came.
    func result(_ report: HostReport?) -> ExecResult { ExecResult(host, address: address, report: report) }
}
