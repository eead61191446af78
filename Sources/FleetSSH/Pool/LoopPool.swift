internal import FleetModel
internal import NIOCore

/// The connections of one event loop: one for an endpoint, kept for the next command.
final class LoopPool {
    let loop: any EventLoop
    let settings: SSHSettings
    let scratch = Scratch()
    let ticker: Ticker
    /// Those that the next command may be given to.
    private var connections: [HostEndpoint: Connection] = [:]
    /// All that have not ended, those given up among them.
    private var living: [ObjectIdentifier: Connection] = [:]
    private var admissions: [String: Admission] = [:]
    private var executions: [UInt64: Execution] = [:]
    private var isClosed = false

    init(loop: any EventLoop, settings: SSHSettings) {
        self.loop = loop
        ticker = Ticker(loop)
        self.settings = settings
    }

    /// Runs a command over the last hop; `anew` gives the present connection to it up and makes another.
    func run(_ execution: Execution, id: UInt64, over hops: ArraySlice<Hop>, anew: Bool) {
        if anew, let hop = hops.last { connections[hop.key]?.retire() }
        guard let connection = connection(over: hops) else {
            return execution.finish(.neverStarted("fleet is closing its connections"))
        }
        executions[id] = execution
        connection.run(execution)
    }

    /// Forgets a command that has ended.
    func forget(_ id: UInt64) { executions[id] = nil }

    /// Stops a command: the remote processes are killed where they were started.
    func cancel(_ id: UInt64) { executions[id]?.cancel() }

    /// Ends every connection.
    func close() {
        isClosed = true
        for connection in living.values { connection.end(.neverStarted("fleet is closing its connections")) }
    }

    /// The sshd's own count of unauthenticated connections.
    func admission(of key: HostEndpoint) -> Admission {
        let name = "\(key.jumps.map { "\($0.address):\($0.port)" })\(key.address):\(key.port)"
        if let known = admissions[name] { return known }
        let admission = Admission(ceiling: settings.unauthenticatedPerAddress)
        admissions[name] = admission
        return admission
    }

    /// A usable connection to the last hop; nil once closed.
    private func connection(over hops: ArraySlice<Hop>) -> Connection? {
        guard !isClosed, let hop = hops.last else { return nil }
        if let known = connections[hop.key], known.isUsable { return known }
        let jumps = hops.dropLast()
        // Connections may outlive the pool, where nobody closes it.
        let findJump = { [weak self] in self?.connection(over: jumps) }
        let connection = Connection(hop, through: jumps.isEmpty ? nil : findJump, pool: self)
        connections[hop.key] = connection
        living[ObjectIdentifier(connection)] = connection
        connection.whenEnded = { [weak self] in self?.remove($0) }
        connection.open()
        return connection
    }

    private func remove(_ ended: Connection) {
        living[ObjectIdentifier(ended)] = nil
        if connections[ended.hop.key] === ended { connections[ended.hop.key] = nil }
    }
}
