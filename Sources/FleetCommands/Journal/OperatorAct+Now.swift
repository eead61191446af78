import FleetModel
import FleetRun
import FleetRuntime

extension OperatorAct {
    /// What who runs this process does now.
    static func now(
        _ what: String, on subject: String? = nil, outcome: Outcome? = nil, _ detail: String, in cluster: ObjectUID,
        for run: RunID? = nil
    ) -> OperatorAct {
        let actor = RunEvent.Actor.current
        return OperatorAct(
            cluster: cluster, time: RuntimeClock().now, by: "\(actor.user)@\(actor.machine)", run: run, what: what,
            subject: subject, outcome: outcome, detail: detail)
    }
}
