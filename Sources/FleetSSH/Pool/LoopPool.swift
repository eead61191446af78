internal import FleetModel
internal import NIOCore

/// The connections of one event loop: one for an endpoint, kept for the next command.
final class LoopPool {
    let loop: any EventLoop
    let settings: SSHSettings
    let scratch = Scratch()
    let ticker: Ticker
    private var connections: [HostEndpoint: Connection] = [:]
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
        guard !isClosed, let connection = connection(over: hops) else {
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
        for connection in connections.values { connection.end(.neverStarted("fleet is closing its connections")) }
    }

    /// Open connections.
    var count: Int { connections.count }

    /// The sshd's own count of unauthenticated connections.
    func admission(of key: HostEndpoint) -> Admission {
        let name = "\(key.jumps.map { "\($0.address):\($0.port)" })\(key.address):\(key.port)"
        if let known = admissions[name] { return known }
        let admission = Admission(ceiling: settings.unauthenticatedPerAddress)
        admissions[name] = admission
        return admission
    }

    private func connection(over hops: ArraySlice<Hop>) -> Connection? {
        guard let hop = hops.last else { return nil }
        if let known = connections[hop.key], known.isUsable { return known }
        let jump = hops.count > 1 ? connection(over: hops.dropLast()) : nil
        let connection = Connection(hop, through: jump, pool: self)
        connections[hop.key] = connection
        connection.whenEnded = { [unowned self] ended in
            if connections[hop.key] === ended { connections[hop.key] = nil }
        }
        connection.open()
        return connection
    }
}
