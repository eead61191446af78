import FleetModel
import FleetWire

/// The columns and cells of each kind.
struct TablePrinter: Sendable {
    let columns: [Table.Column]
    let cells: @Sendable (JSONValue, Instant) -> [JSONValue]
}

/// Which kind is printed how.
enum TablePrinters {
    /// The printer of a resource; NAME and AGE where none is special.
    static func printer(_ resource: APIResource) -> TablePrinter { printers[resource.kind] ?? generic }

    private static let printers: [String: TablePrinter] = [
        "Node": node, "Pod": pod, "Namespace": namespace, "Deployment": deployment, "ReplicaSet": replicaSet,
        "ReplicationController": replicaSet, "StatefulSet": statefulSet, "DaemonSet": daemonSet, "Job": job,
        "PodDisruptionBudget": budget, "Event": event, "HorizontalPodAutoscaler": autoscaler, "Service": service,
        "ConfigMap": configMap, "Secret": secret, "Lease": lease, "PersistentVolumeClaim": claim,
        "PersistentVolume": volume, "VolumeAttachment": attachment,
    ]

    static let name = Table.Column(
        "Name",
        "Name must be unique within a namespace. Is required when creating resources, although some resources may allow "
            + "a client to request the generation of an appropriate name automatically.")
    static let age = Table.Column(
        "Age", "CreationTimestamp is a timestamp representing the server time when this object was created.")

    static func ageCell(_ json: JSONValue, _ now: Instant) -> JSONValue {
        .string(HumanDuration.since(json["metadata"]["creationTimestamp"], now: now))
    }

    private static let generic = TablePrinter(columns: [name, age]) { json, now in
        [json["metadata"]["name"], ageCell(json, now)]
    }

    private static let namespace = TablePrinter(columns: [name, Table.Column("Status"), age]) { json, now in
        [json["metadata"]["name"], json["status"]["phase"], ageCell(json, now)]
    }

    private static let deployment = TablePrinter(
        columns: [
            name, Table.Column("Ready"), Table.Column("Up-to-date"), Table.Column("Available"), age,
            Table.Column("Containers", wide: true), Table.Column("Images", wide: true),
            Table.Column("Selector", wide: true),
        ]
    ) { json, now in
        let (spec, status) = (json["spec"], json["status"])
        return [
            json["metadata"]["name"], "\(count(status["readyReplicas"]))/\(count(spec["replicas"]))",
            .int(count(status["updatedReplicas"])), .int(count(status["availableReplicas"])), ageCell(json, now),
        ] + containers(spec["template"]["spec"]) + [selector(spec["selector"])]
    }

    private static let replicaSet = TablePrinter(
        columns: [
            name, Table.Column("Desired", type: "integer"), Table.Column("Current", type: "integer"),
            Table.Column("Ready", type: "integer"), age, Table.Column("Containers", wide: true),
            Table.Column("Images", wide: true), Table.Column("Selector", wide: true),
        ]
    ) { json, now in
        let (spec, status) = (json["spec"], json["status"])
        return [
            json["metadata"]["name"], .int(count(spec["replicas"])), .int(count(status["replicas"])),
            .int(count(status["readyReplicas"])), ageCell(json, now),
        ] + containers(spec["template"]["spec"]) + [selector(spec["selector"])]
    }

    private static let statefulSet = TablePrinter(
        columns: [
            name, Table.Column("Ready"), age, Table.Column("Containers", wide: true),
            Table.Column("Images", wide: true),
        ]
    ) { json, now in
        [
            json["metadata"]["name"],
            "\(count(json["status"]["readyReplicas"]))/\(count(json["spec"]["replicas"]))", ageCell(json, now),
        ] + containers(json["spec"]["template"]["spec"])
    }

    private static let daemonSet = TablePrinter(
        columns: [
            name, Table.Column("Desired", type: "integer"), Table.Column("Current", type: "integer"),
            Table.Column("Ready", type: "integer"), Table.Column("Up-to-date", type: "integer"),
            Table.Column("Available", type: "integer"), Table.Column("Node Selector"), age,
            Table.Column("Containers", wide: true), Table.Column("Images", wide: true),
            Table.Column("Selector", wide: true),
        ]
    ) { json, now in
        let (spec, status) = (json["spec"], json["status"])
        let counts = [
            "desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled",
            "numberAvailable",
        ].map { JSONValue.int(count(status[$0])) }
        return [json["metadata"]["name"]] + counts + [
            labels(spec["template"]["spec"]["nodeSelector"]), ageCell(json, now),
        ] + containers(spec["template"]["spec"]) + [selector(spec["selector"])]
    }

    private static let job = TablePrinter(
        columns: [name, Table.Column("Status"), Table.Column("Completions"), Table.Column("Duration"), age]
    ) { json, now in
        let ended = json["status"]["conditions"].elements.first { $0["status"] == "True" }?["type"].string
        return [
            json["metadata"]["name"], .string(ended ?? "Running"),
            "\(count(json["status"]["succeeded"]))/\(json["spec"]["completions"].int64 ?? 1)",
            .string(HumanDuration.since(json["status"]["startTime"], now: now)), ageCell(json, now),
        ]
    }

    private static let budget = TablePrinter(
        columns: [
            name, Table.Column("Min Available"), Table.Column("Max Unavailable"),
            Table.Column("Allowed Disruptions", type: "integer"), age,
        ]
    ) { json, now in
        [
            json["metadata"]["name"], .string(intOrString(json["spec"]["minAvailable"])),
            .string(intOrString(json["spec"]["maxUnavailable"])), .int(count(json["status"]["disruptionsAllowed"])),
            ageCell(json, now),
        ]
    }

    private static let event = TablePrinter(
        columns: [
            Table.Column("Last Seen"), Table.Column("Type"), Table.Column("Reason"), Table.Column("Object"),
            Table.Column("Subobject", wide: true), Table.Column("Source", wide: true), Table.Column("Message"),
            Table.Column("First Seen", wide: true), Table.Column("Count", wide: true), Table.Column("Name", wide: true),
        ]
    ) { json, now in
        let object = json["involvedObject"]
        let last = [json["series"]["lastObservedTime"], json["lastTimestamp"], json["eventTime"]].first { !$0.isNull }
        let first = [json["firstTimestamp"], json["eventTime"]].first { !$0.isNull }
        let source = json["source"]["component"].string ?? json["reportingComponent"].string ?? ""
        return [
            .string(HumanDuration.since(last ?? .null, now: now)), json["type"], json["reason"],
            "\((object["kind"].string ?? "").lowercased())/\(object["name"].string ?? "")",
            .string(object["fieldPath"].string ?? ""), .string(source), .string(trimmed(json["message"].string ?? "")),
            .string(HumanDuration.since(first ?? .null, now: now)), .int(max(1, count(json["count"]))),
            json["metadata"]["name"],
        ]
    }

    private static let autoscaler = TablePrinter(
        columns: [
            name, Table.Column("Reference"), Table.Column("Targets"), Table.Column("MinPods"),
            Table.Column("MaxPods", type: "integer"), Table.Column("Replicas", type: "integer"), age,
        ]
    ) { json, now in
        let target = json["spec"]["scaleTargetRef"]
        return [
            json["metadata"]["name"], "\(target["kind"].string ?? "")/\(target["name"].string ?? "")",
            "cpu: <unknown>/80%", "\(json["spec"]["minReplicas"].int64 ?? 1)",
            .int(count(json["spec"]["maxReplicas"])), .int(count(json["status"]["currentReplicas"])),
            ageCell(json, now),
        ]
    }

    private static let service = TablePrinter(
        columns: [
            name, Table.Column("Type"), Table.Column("Cluster-IP"), Table.Column("External-IP"),
            Table.Column("Port(s)"),
            age, Table.Column("Selector", wide: true),
        ]
    ) { json, now in
        let spec = json["spec"]
        let ports = spec["ports"].elements.map { "\(count($0["port"]))/\($0["protocol"].string ?? "TCP")" }
        return [
            json["metadata"]["name"], .string(spec["type"].string ?? "ClusterIP"),
            .string(spec["clusterIP"].string ?? "None"), "<none>",
            .string(ports.isEmpty ? "<none>" : ports.joined(separator: ",")), ageCell(json, now),
            labels(spec["selector"]),
        ]
    }

    private static let configMap = TablePrinter(columns: [name, Table.Column("Data"), age]) { json, now in
        let entries = (json["data"].object?.count ?? 0) + (json["binaryData"].object?.count ?? 0)
        return [json["metadata"]["name"], .int(entries), ageCell(json, now)]
    }

    private static let secret = TablePrinter(
        columns: [name, Table.Column("Type"), Table.Column("Data"), age]
    ) { json, now in
        [
            json["metadata"]["name"], .string(json["type"].string ?? "Opaque"), .int(json["data"].object?.count ?? 0),
            ageCell(json, now),
        ]
    }

    private static let lease = TablePrinter(columns: [name, Table.Column("Holder"), age]) { json, now in
        [json["metadata"]["name"], .string(json["spec"]["holderIdentity"].string ?? ""), ageCell(json, now)]
    }

    private static let claim = TablePrinter(
        columns: [
            name, Table.Column("Status"), Table.Column("Volume"), Table.Column("Capacity"),
            Table.Column("Access Modes"),
            Table.Column("StorageClass"), age,
        ]
    ) { json, now in
        [
            json["metadata"]["name"], json["status"]["phase"], .string(json["spec"]["volumeName"].string ?? ""),
            .string(json["status"]["capacity"]["storage"].string ?? ""), accessModes(json["spec"]["accessModes"]),
            .string(json["spec"]["storageClassName"].string ?? ""), ageCell(json, now),
        ]
    }

    private static let volume = TablePrinter(
        columns: [
            name, Table.Column("Capacity"), Table.Column("Access Modes"), Table.Column("Status"),
            Table.Column("StorageClass"), age,
        ]
    ) { json, now in
        [
            json["metadata"]["name"], .string(json["spec"]["capacity"]["storage"].string ?? ""),
            accessModes(json["spec"]["accessModes"]), json["status"]["phase"],
            .string(json["spec"]["storageClassName"].string ?? ""), ageCell(json, now),
        ]
    }

    private static let attachment = TablePrinter(
        columns: [
            name, Table.Column("Attacher"), Table.Column("PV"), Table.Column("Node"), Table.Column("Attached"), age,
        ]
    ) { json, now in
        [
            json["metadata"]["name"], json["spec"]["attacher"],
            .string(json["spec"]["source"]["persistentVolumeName"].string ?? ""), json["spec"]["nodeName"],
            .string(json["status"]["attached"] == true ? "true" : "false"), ageCell(json, now),
        ]
    }

    // MARK: Cells

    private static func count(_ value: JSONValue) -> Int64 { value.int64 ?? 0 }

    private static func intOrString(_ value: JSONValue) -> String {
        value.string ?? value.int64.map { "\($0)" } ?? "N/A"
    }

    private static func containers(_ spec: JSONValue) -> [JSONValue] {
        ["name", "image"].map { key in
            .string(spec["containers"].elements.compactMap { $0[key].string }.joined(separator: ","))
        }
    }

    private static func selector(_ json: JSONValue) -> JSONValue {
        if json["matchLabels"].isNull, json["matchExpressions"].isNull { return labels(json) }
        return .string(LabelSelector(json)?.text ?? "<none>")
    }

    private static func labels(_ json: JSONValue) -> JSONValue {
        let texts = json.strings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return .string(texts.isEmpty ? "<none>" : texts.joined(separator: ","))
    }

    private static func accessModes(_ json: JSONValue) -> JSONValue {
        let short = ["ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"]
        return .string(json.elements.compactMap { $0.string.flatMap { short[$0] } }.joined(separator: ","))
    }
}
