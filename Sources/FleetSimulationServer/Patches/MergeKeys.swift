/// Which lists of the built-in kinds merge, and by which key (struct tags `patchMergeKey` in `~/api`).
enum MergeKeys {
    /// What a strategic merge does with a list.
    enum Strategy {
        case replace
        case key(String)
        /// A list of scalars that is a set.
        case unique
    }

    /// The strategy of the list at a path.
    ///
    /// Nodes' `spec.taints` has no key: it is replaced.
    static func strategy(_ path: [String]) -> Strategy {
        let last = path.last ?? ""
        let parent = path.dropLast().last ?? ""
        switch (parent, last) {
        case ("metadata", "ownerReferences"): return .key("uid")
        case ("metadata", "finalizers"), ("spec", "podCIDRs"): return .unique
        case ("spec", "containers"), ("spec", "initContainers"), ("spec", "ephemeralContainers"): return .key("name")
        case ("spec", "volumes"), ("spec", "imagePullSecrets"), ("", "secrets"), ("", "imagePullSecrets"):
            return .key("name")
        case ("spec", "topologySpreadConstraints"): return .key("topologyKey")
        case ("spec", "hostAliases"), ("status", "podIPs"): return .key("ip")
        case ("spec", "ports"): return .key("port")
        case ("containers", "ports"), ("initContainers", "ports"): return .key("containerPort")
        case (_, "env"): return .key("name")
        case (_, "volumeMounts"): return .key("mountPath")
        case ("status", "conditions"), ("status", "addresses"): return .key("type")
        default: return .replace
        }
    }
}
