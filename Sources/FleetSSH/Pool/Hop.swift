internal import FleetModel

/// One connection to be made on the way to a host, with everything read from files already.
struct Hop: Sendable {
    /// The endpoint without what does not matter to the connection: its name for messages, and how root is reached.
    let key: HostEndpoint
    /// The inventory name.
    let name: String
    let identities: Identities
    /// The login password; nil where there is none.
    let password: Secret?
    let check: HostKeyCheck

    init(_ endpoint: HostEndpoint, identities: Identities, password: Secret?, check: HostKeyCheck) {
        var key = endpoint
        key.name = ""
        key.become = .none
        self.key = key
        name = endpoint.name
        self.identities = identities
        self.password = password
        self.check = check
    }
}
