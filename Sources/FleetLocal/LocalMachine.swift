public import FleetModel
public import FleetPorts

/// The machine that runs fleet: it runs the operator's commands and sends HTTP requests, and reports how they ended.
public struct LocalMachine: LocalPort {
    /// A machine; nothing is opened before it is asked something.
    public init() {}

    /// Does something and reports truthfully how it ended.
    public func perform(_ act: LocalAct) async -> LocalReport {
        switch act {
        case .command(let command): await CommandRunner().run(command)
        case .request(let request): await WebClient().send(request)
        case .query(let query): await WebClient().query(query)
        }
    }
}
