import FleetModel
import FleetPorts
import FleetRun
import FleetRuntime

extension OperatorAct {
    /// What who runs this process does now.
    static func now(_ what: String, _ detail: String, in cluster: ObjectUID) -> OperatorAct {
        let actor = RunEvent.Actor.current
        return OperatorAct(
            cluster: cluster, time: RuntimeClock().now, by: "\(actor.user)@\(actor.machine)", what: what,
            detail: detail)
    }
}
