import FleetModel
import FleetSimulation
import FleetWire

/// Modelled PodDisruptionBudgets over the JSON that is kept beside them.
enum BudgetRendering {
    /// The object with the modelled fields laid over it.
    static func json(_ budget: PodDisruptionBudget, _ detail: ObjectDetail, over base: JSONValue, now: Instant)
        -> JSONValue
    {
        var json = base
        MetadataRendering.overlay(
            &json, apiVersion: "policy/v1", kind: "PodDisruptionBudget", key: budget.key, uid: budget.uid,
            labels: budget.labels, annotations: budget.annotations)
        MetadataRendering.overlay(createdAt: detail.createdAt, &json)
        json["metadata"]["generation"] = .int(budget.generation)
        overlaySpec(budget, &json)
        overlayStatus(budget, &json, now)
        return json
    }

    private static func overlaySpec(_ budget: PodDisruptionBudget, _ json: inout JSONValue) {
        if json["spec"].isNull { json["spec"] = .emptyObject }
        json.set(budget.minAvailable?.json, at: "spec", "minAvailable")
        json.set(budget.maxUnavailable?.json, at: "spec", "maxUnavailable")
        if LabelSelector(json["spec"]["selector"]) != budget.selector {
            json.set(budget.selector?.json, at: "spec", "selector")
        }
        if budget.unhealthyPodEvictionPolicy == .alwaysAllow {
            json["spec"]["unhealthyPodEvictionPolicy"] = "AlwaysAllow"
        }
    }

    private static func overlayStatus(_ budget: PodDisruptionBudget, _ json: inout JSONValue, _ now: Instant) {
        var status = json["status"]
        if status.isNull { status = .emptyObject }
        status.set(budget.observedGeneration > 0 ? .int(budget.observedGeneration) : nil, at: "observedGeneration")
        let disrupted = budget.disruptedPods.mapValues { Timestamp.text($0) }
        status.set(JSONValue(disrupted).nonEmpty, at: "disruptedPods")
        status["disruptionsAllowed"] = .int(budget.disruptionsAllowed)
        status["currentHealthy"] = .int(budget.currentHealthy)
        status["desiredHealthy"] = .int(budget.desiredHealthy)
        status["expectedPods"] = .int(budget.expectedPods)
        json["status"] = status
        guard budget.observedGeneration > 0 || budget.syncFailure != nil else { return }
        let isAllowed = budget.disruptionsAllowed > 0 && budget.syncFailure == nil
        ConditionRendering.set(
            &json, "DisruptionAllowed", isAllowed ? "True" : "False",
            reason: budget.syncFailure != nil ? "SyncFailed" : isAllowed ? "SufficientPods" : "InsufficientPods",
            message: budget.syncFailure ?? "", more: [("observedGeneration", .int(budget.observedGeneration))],
            now: now)
    }
}
