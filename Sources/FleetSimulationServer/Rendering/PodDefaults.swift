import FleetWire

/// What the API server writes into a pod's `spec` where it is absent.
enum PodDefaults {
    /// Writes the defaults and the tolerations that admission adds.
    static func apply(to spec: inout JSONValue) {
        applyToTemplate(&spec)
        let defaults: [(String, JSONValue)] = [
            ("serviceAccountName", "default"), ("serviceAccount", "default"), ("priority", 0),
            ("enableServiceLinks", true), ("preemptionPolicy", "PreemptLowerPriority"),
        ]
        for (key, value) in defaults where spec[key].isNull { spec[key] = value }
        var tolerations = spec["tolerations"].elements
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        where !tolerations.contains(where: { tolerates($0, key) }) {
            tolerations.append([
                "key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
            ])
        }
        spec["tolerations"] = .array(tolerations)
    }

    /// Writes the defaults that a template gets too.
    static func applyToTemplate(_ spec: inout JSONValue) {
        let containers = spec["containers"].elements.map(container)
        spec["containers"] = .array(containers)
        let defaults: [(String, JSONValue)] = [
            ("restartPolicy", "Always"), ("terminationGracePeriodSeconds", 30), ("dnsPolicy", "ClusterFirst"),
            ("securityContext", [:]), ("schedulerName", "default-scheduler"),
        ]
        for (key, value) in defaults where spec[key].isNull { spec[key] = value }
    }

    private static func container(_ container: JSONValue) -> JSONValue {
        var json = container
        let image = json["image"].string ?? ""
        let tag = image.split(separator: "/").last.flatMap { $0.split(separator: ":").dropFirst().last } ?? "latest"
        let defaults: [(String, JSONValue)] = [
            ("resources", [:]), ("terminationMessagePath", "/dev/termination-log"),
            ("terminationMessagePolicy", "File"), ("imagePullPolicy", tag == "latest" ? "Always" : "IfNotPresent"),
        ]
        for (key, value) in defaults where json[key].isNull { json[key] = value }
        return json
    }

    private static func tolerates(_ toleration: JSONValue, _ key: String) -> Bool {
        let effect = toleration["effect"].string ?? ""
        let tolerated = toleration["key"].string ?? ""
        return (tolerated == key || tolerated.isEmpty) && (effect == "NoExecute" || effect.isEmpty)
    }
}
