import FleetWire

/// Rules of Pods.
enum PodRules {
    /// What is wrong with a Pod.
    static func validate(_ json: JSONValue, old: JSONValue?) -> [FieldError] {
        guard let old else {
            let containers = json["spec"]["containers"].elements
            if containers.isEmpty { return [.required("spec.containers")] }
            return containers.enumerated().compactMap { index, container in
                container["name"].string?.isEmpty == false ? nil : .required("spec.containers[\(index)].name")
            }
        }
        guard frozen(json["spec"]) != frozen(old["spec"]) else { return [] }
        return [
            .forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,"
                    + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                    + "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                    + "previously negative)")
        ]
    }

    /// The part of a specification that never changes.
    private static func frozen(_ spec: JSONValue) -> JSONValue {
        var frozen = spec
        for key in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] { frozen.removeMember(key) }
        for key in ["containers", "initContainers"] where !frozen[key].isNull {
            frozen[key] = .array(
                frozen[key].elements.map { container in
                    var rest = container
                    rest.removeMember("image")
                    return rest
                })
        }
        return frozen
    }
}
