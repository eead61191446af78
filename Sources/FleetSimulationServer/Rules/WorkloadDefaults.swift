import FleetWire

/// What the API server writes into workloads where it is absent.
enum WorkloadDefaults {
    /// Writes the defaults of a kind.
    static func apply(to json: inout JSONValue, kind: String) {
        for (key, value) in defaults(kind) where json["spec"][key].isNull { json["spec"][key] = value }
        if json["spec"]["template"].object != nil { PodDefaults.applyToTemplate(&json["spec"]["template"]["spec"]) }
        if kind == "Deployment", json["spec"]["strategy"].nonEmpty == nil {
            json["spec"]["strategy"] = ["type": "RollingUpdate"]
        }
        if kind == "Deployment", json["spec"]["strategy"]["type"] == "RollingUpdate",
            json["spec"]["strategy"]["rollingUpdate"].isNull
        {
            json["spec"]["strategy"]["rollingUpdate"] = ["maxUnavailable": "25%", "maxSurge": "25%"]
        }
    }

    private static func defaults(_ kind: String) -> [(String, JSONValue)] {
        switch kind {
        case "Deployment": [("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)]
        case "ReplicaSet", "ReplicationController": [("replicas", 1)]
        case "StatefulSet":
            [
                ("replicas", 1), ("podManagementPolicy", "OrderedReady"), ("revisionHistoryLimit", 10),
                ("updateStrategy", ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]]),
                ("persistentVolumeClaimRetentionPolicy", ["whenDeleted": "Retain", "whenScaled": "Retain"]),
            ]
        case "DaemonSet":
            [
                ("revisionHistoryLimit", 10),
                (
                    "updateStrategy",
                    ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1, "maxSurge": 0]]
                ),
            ]
        default: [("parallelism", 1), ("completions", 1), ("backoffLimit", 6)]
        }
    }
}
