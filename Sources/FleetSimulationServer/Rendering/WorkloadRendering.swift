import FleetModel
import FleetSimulation
import FleetWire

/// Modelled workloads over the JSON that is kept beside them.
enum WorkloadRendering {
    /// The object with the modelled fields laid over it.
    static func json(_ workload: Workload, _ detail: ObjectDetail, over base: JSONValue, now: Instant) -> JSONValue {
        var json = base
        MetadataRendering.overlay(
            &json, apiVersion: apiVersion(workload.reference.kind), kind: workload.reference.kind.rawValue,
            key: workload.reference.key, uid: workload.reference.uid, labels: workload.labels,
            annotations: annotations(workload))
        MetadataRendering.overlay(createdAt: detail.createdAt, &json)
        MetadataRendering.overlay(controller: workload.controller, &json)
        json["metadata"]["generation"] = .int(workload.generation)
        overlaySpec(workload, &json)
        json["status"] = status(workload, json["status"], pods: detail.currentReplicas)
        if workload.reference.kind == .deployment { overlayConditions(workload, &json, now) }
        return json
    }

    /// The Deployment controller numbers its rollouts.
    private static func annotations(_ workload: Workload) -> [String: String] {
        guard workload.reference.kind == .deployment else { return workload.annotations }
        return ["deployment.kubernetes.io/revision": "1"].merging(workload.annotations) { $1 }
    }

    /// The API version of a workload's kind.
    static func apiVersion(_ kind: WorkloadKind) -> String {
        switch kind {
        case .deployment, .replicaSet, .statefulSet, .daemonSet: "apps/v1"
        case .job: "batch/v1"
        case .replicationController: "v1"
        }
    }

    private static func overlaySpec(_ workload: Workload, _ json: inout JSONValue) {
        let kind = workload.reference.kind
        if json["spec"].isNull { json["spec"] = .emptyObject }
        switch kind {
        case .daemonSet: break
        case .job: json["spec"]["parallelism"] = .int(workload.replicas)
        default: json["spec"]["replicas"] = .int(workload.replicas)
        }
        if json["spec"]["selector"].isNull, let selector = workload.selector {
            json["spec"]["selector"] = kind == .replicationController ? JSONValue(selector.matchLabels) : selector.json
        }
        if json["spec"]["template"].isNull, let template = workload.template {
            json["spec"]["template"] = self.template(template)
        }
        overlayStrategy(workload, &json)
        if kind == .statefulSet, json["spec"]["volumeClaimTemplates"].isNull, !workload.claimTemplates.isEmpty {
            json["spec"]["volumeClaimTemplates"] = .array(
                workload.claimTemplates.map { ["metadata": ["name": .string($0)]] })
        }
    }

    private static func overlayStrategy(_ workload: Workload, _ json: inout JSONValue) {
        switch workload.reference.kind {
        case .deployment where json["spec"]["strategy"].isNull:
            json["spec"]["strategy"] = ["type": .string(workload.strategy.rawValue)]
            if workload.strategy == .rollingUpdate {
                json["spec"]["strategy"]["rollingUpdate"] = ["maxUnavailable": "25%", "maxSurge": "25%"]
            }
        case .statefulSet where json["spec"]["updateStrategy"].isNull,
            .daemonSet where json["spec"]["updateStrategy"].isNull:
            json["spec"]["updateStrategy"] = ["type": .string(workload.strategy.rawValue)]
        default: break
        }
    }

    private static func template(_ template: PodTemplate) -> JSONValue {
        var metadata: JSONValue = .emptyObject
        if !template.labels.isEmpty { metadata["labels"] = JSONValue(template.labels) }
        if !template.annotations.isEmpty { metadata["annotations"] = JSONValue(template.annotations) }
        var spec = PodSpecRendering.spec(
            requests: template.requests, limits: .zero, constraints: template.constraints, volumes: template.volumes,
            gracePeriodSeconds: template.gracePeriodSeconds, priorityClassName: template.priorityClassName)
        PodDefaults.applyToTemplate(&spec)
        return ["metadata": metadata, "spec": spec]
    }

    // MARK: Status

    private static func status(_ workload: Workload, _ written: JSONValue, pods: Int) -> JSONValue {
        let ready = workload.readyReplicas
        var counts: [(String, Int)]
        switch workload.reference.kind {
        case .daemonSet:
            let desired = workload.replicas
            counts = [
                ("currentNumberScheduled", max(pods, ready)), ("numberMisscheduled", 0),
                ("desiredNumberScheduled", desired), ("numberReady", ready),
                ("updatedNumberScheduled", max(pods, ready)),
                ("numberAvailable", ready), ("numberUnavailable", max(0, desired - ready)),
            ]
        case .job: counts = [("active", pods), ("ready", ready)]
        case .deployment:
            counts = [
                ("replicas", max(pods, ready)), ("updatedReplicas", max(pods, ready)), ("readyReplicas", ready),
                ("availableReplicas", ready), ("unavailableReplicas", max(0, workload.replicas - ready)),
            ]
        case .replicaSet, .replicationController:
            counts = [
                ("replicas", max(pods, ready)), ("fullyLabeledReplicas", max(pods, ready)), ("readyReplicas", ready),
                ("availableReplicas", ready),
            ]
        case .statefulSet:
            counts = [
                ("replicas", max(pods, ready)), ("readyReplicas", ready), ("currentReplicas", max(pods, ready)),
                ("updatedReplicas", max(pods, ready)), ("availableReplicas", ready),
            ]
        }
        return status(counts, observedGeneration: workload.observedGeneration, written)
    }

    private static let alwaysShown: Set = [
        "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
    ]

    private static func status(
        _ counts: [(String, Int)], observedGeneration: Int64, _ written: JSONValue
    ) -> JSONValue {
        var status: JSONValue = written.object == nil ? .emptyObject : written
        if observedGeneration > 0 { status["observedGeneration"] = .int(observedGeneration) }
        for (name, count) in counts {
            let isShown = count != 0 || alwaysShown.contains(name) || name == "replicas"
            status.set(isShown ? .int(count) : nil, at: name)
        }
        return status
    }

    private static func overlayConditions(_ workload: Workload, _ json: inout JSONValue, _ now: Instant) {
        let isAvailable = workload.readyReplicas * 4 >= workload.replicas * 3
        let updated: [(String, JSONValue)] = [("lastUpdateTime", .string(Timestamp.text(now)))]
        let text =
            isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability."
        ConditionRendering.set(
            &json, "Available", isAvailable ? "True" : "False",
            reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable", message: text,
            more: updated, now: now)
        let isDone = workload.readyReplicas >= workload.replicas
        ConditionRendering.set(
            &json, "Progressing", "True", reason: isDone ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
            message: "Deployment is \(isDone ? "complete" : "progressing").", more: updated, now: now)
    }
}
