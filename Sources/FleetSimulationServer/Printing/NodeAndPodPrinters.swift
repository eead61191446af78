import FleetModel
import FleetWire

extension TablePrinters {
    static let node = TablePrinter(
        columns: [
            name, Table.Column("Status", "The status of the node"), Table.Column("Roles", "The roles of the node"), age,
            Table.Column("Version", "Kubelet Version reported by the node."),
            Table.Column("Internal-IP", wide: true), Table.Column("External-IP", wide: true),
            Table.Column("OS-Image", wide: true), Table.Column("Kernel-Version", wide: true),
            Table.Column("Container-Runtime", wide: true),
        ]
    ) { json, now in
        let info = json["status"]["nodeInfo"]
        let kernel = known(info["kernelVersion"]) + (info["architecture"].string.map { " (\($0))" } ?? "")
        return [
            json["metadata"]["name"], .string(nodeStatus(json)), .string(nodeRoles(json)), ageCell(json, now),
            .string(info["kubeletVersion"].string ?? ""), .string(address("InternalIP", json)),
            .string(address("ExternalIP", json)), .string(known(info["osImage"])), .string(kernel),
            .string(known(info["containerRuntimeVersion"])),
        ]
    }

    private static func nodeStatus(_ json: JSONValue) -> String {
        let ready = json["status"]["conditions"].elements.first { $0["type"] == "Ready" }?["status"].string
        let status = ready.map { $0 == "True" ? "Ready" : "NotReady" } ?? "Unknown"
        return json["spec"]["unschedulable"] == true ? status + ",SchedulingDisabled" : status
    }

    private static func nodeRoles(_ json: JSONValue) -> String {
        let prefix = "node-role.kubernetes.io/"
        let labels = json["metadata"]["labels"].strings
        let named = labels.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        let roles = Set(named + [labels["kubernetes.io/role"]].compactMap { $0 }).subtracting([""]).sorted()
        return roles.isEmpty ? "<none>" : roles.joined(separator: ",")
    }

    private static func address(_ type: String, _ json: JSONValue) -> String {
        let found = json["status"]["addresses"].elements.first { $0["type"].string == type }
        return found?["address"].string ?? "<none>"
    }

    private static func known(_ value: JSONValue) -> String {
        let text = value.string ?? ""
        return text.isEmpty ? "<unknown>" : text
    }

    static let pod = TablePrinter(
        columns: [
            name, Table.Column("Ready"), Table.Column("Status"), Table.Column("Restarts"), age,
            Table.Column("IP", wide: true), Table.Column("Node", wide: true),
            Table.Column("Nominated Node", wide: true),
            Table.Column("Readiness Gates", wide: true),
        ]
    ) { json, now in
        let containers = json["spec"]["containers"].elements
        let statuses = json["status"]["containerStatuses"].elements
        let restarts = statuses.reduce(Int64(0)) { $0 + ($1["restartCount"].int64 ?? 0) }
        let ready = statuses.count { $0["ready"] == true && !$0["state"]["running"].isNull }
        return [
            json["metadata"]["name"], "\(ready)/\(containers.count)", .string(podStatus(json)), "\(restarts)",
            ageCell(json, now), .string(json["status"]["podIP"].string ?? "<none>"),
            .string(json["spec"]["nodeName"].string ?? "<none>"),
            .string(json["status"]["nominatedNodeName"].string ?? "<none>"), "<none>",
        ]
    }

    private static func podStatus(_ json: JSONValue) -> String {
        let status = json["status"]
        var reason = status["reason"].string ?? status["phase"].string ?? "Unknown"
        let conditions = status["conditions"].elements
        if conditions.contains(where: { $0["type"] == "PodScheduled" && $0["reason"] == "SchedulingGated" }) {
            reason = "SchedulingGated"
        }
        for container in status["containerStatuses"].elements.reversed() {
            let waiting = container["state"]["waiting"]["reason"].string
            let terminated = container["state"]["terminated"]["reason"].string
            reason = waiting ?? terminated ?? reason
        }
        let isFinished = ["Succeeded", "Failed"].contains(status["phase"].string)
        if !json["metadata"]["deletionTimestamp"].isNull {
            return status["reason"] == "NodeLost" ? "Unknown" : isFinished ? reason : "Terminating"
        }
        return reason
    }
}
