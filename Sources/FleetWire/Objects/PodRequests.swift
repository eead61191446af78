import FleetModel

/// A pod's effective requests, as the scheduler counts them (`~/component-helpers/resource/helpers.go:PodRequests`).
struct PodRequests {
    private let spec: JSONValue
    private let statuses: [String: JSONValue]
    private let resizeIsInfeasible: Bool

    /// Looks at a pod, or at a template's `spec` alone when `status` is `null`.
    init(spec: JSONValue, status: JSONValue) {
        self.spec = spec
        let all = status["containerStatuses"].elements + status["initContainerStatuses"].elements
        statuses = Dictionary(all.map { ($0["name"].string ?? "", $0) }) { first, _ in first }
        resizeIsInfeasible = status["conditions"].elements.contains {
            $0["type"].string == "PodResizePending" && $0["reason"].string == "Infeasible"
        }
    }

    var effective: Resources {
        var result = ofContainers()
        let level = spec["resources"]["requests"]
        if level.object != nil { result.replace(with: Resources(level), names: level.object?.keys ?? []) }
        return (result + Resources(spec["overhead"])).bounded
    }

    var limits: Resources {
        let sidecars = spec["initContainers"].elements.filter(\.isSidecar)
        let containers = spec["containers"].elements + sidecars
        return containers.reduce(Resources.zero) { $0 + Resources($1["resources"]["limits"]) }.bounded
    }

    private func ofContainers() -> Resources {
        var running = spec["containers"].elements.reduce(Resources.zero) { $0 + request(of: $1) }
        var sidecars = Resources.zero
        var peak = Resources.zero
        for container in spec["initContainers"].elements {
            if container.isSidecar {
                let own = request(of: container)
                running += own
                sidecars += own
                peak = peak.maximum(sidecars)
            } else {
                peak = peak.maximum(Resources(container["resources"]["requests"]) + sidecars)
            }
        }
        return running.maximum(peak)
    }

    /// A main container's or sidecar's request; a bound pod's counts what the kubelet has granted too.
    private func request(of container: JSONValue) -> Resources {
        let wanted = Resources(container["resources"]["requests"])
        guard let status = statuses[container["name"].string ?? ""], status["resources"].object != nil else {
            return wanted
        }
        let granted = Resources(status["resources"]["requests"]).maximum(Resources(status["allocatedResources"]))
        return resizeIsInfeasible ? granted : granted.maximum(wanted)
    }
}

extension JSONValue {
    /// Whether an init container keeps running beside the main ones.
    fileprivate var isSidecar: Bool { self["restartPolicy"].string == "Always" }
}

extension Resources {
    /// Takes over the amounts that a pod may state as a whole: CPU, memory and huge pages.
    fileprivate mutating func replace(with whole: Resources, names: [String]) {
        for name in names {
            switch name {
            case "cpu": milliCPU = whole.milliCPU
            case "memory": memory = whole.memory
            case let name where name.hasPrefix("hugepages-"): extended[name] = whole.extended[name] ?? 0
            default: break
            }
        }
    }
}
