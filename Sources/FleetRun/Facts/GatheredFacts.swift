public import FleetModel

/// What a host is like: asked once, before anything is done, and kept in the journal; `facts` in expressions.
///
/// Facts are as they were when the run began, also for steps after one that changed them, and for a run that is resumed.
public struct GatheredFacts: Hashable, Sendable {
    /// The variable.
    public static let variable = "facts"

    /// `os.family`, `os.id`, `os.version`, `kernel`, `architecture`, `cpus`, `memory_mib`, `swap_mib`,
    /// `package_manager`, `cgroup.version`, `cgroup.driver`, `container_runtime.name`, `.version`, `.socket` and
    /// `.cgroup_driver`, `kubelet.version`, `kubeadm.version`, `hostname`, `addresses`, `mounts`.
    ///
    /// What the host does not say is an empty string or 0; lists are empty then.
    public let variables: VariableMapping

    /// Reads what ``NodeScript/identity`` answered; nil where it says nothing of the host's system.
    public init?(_ answer: NodeAnswer) {
        guard answer.rows.contains(where: { $0.key.hasPrefix("fact_") }) else { return nil }
        let text = { (key: String) -> VariableValue in .string(answer.last("fact_" + key) ?? "") }
        let number = { (key: String) -> Int in answer.last("fact_" + key).flatMap { Int($0) } ?? 0 }
        variables = [
            "hostname": .string(answer.last("hostname") ?? ""),
            "addresses": .list(answer.all("ip").map { .string($0) }),
            "os": [
                "family": .string(Self.family(answer)), "id": text("os_id"), "version": text("os_version"),
                "name": text("os_name"),
            ],
            "kernel": text("kernel"), "architecture": text("architecture"), "cpus": .int(number("cpus")),
            "memory_mib": .int(number("memory_kib") / 1024), "swap_mib": .int(number("swap_kib") / 1024),
            "package_manager": text("package_manager"),
            "cgroup": ["version": .int(number("cgroup_version")), "driver": text("cgroup_driver")],
            "container_runtime": Self.runtime(answer),
            "kubelet": ["version": text("kubelet_version")], "kubeadm": ["version": text("kubeadm_version")],
            "mounts": .list(answer.all("fact_mount").compactMap(Self.mount)),
        ]
    }

    /// Distributions by what they descend from: `debian`, `redhat`, `suse`, `arch`, `alpine`, else the distribution.
    private static func family(_ answer: NodeAnswer) -> String {
        let id = answer.last("fact_os_id") ?? ""
        let names = [id] + (answer.last("fact_os_like") ?? "").split(separator: " ").map(String.init)
        let families: [(String, Set<String>)] = [
            ("debian", ["debian", "ubuntu"]), ("redhat", ["rhel", "fedora", "centos", "amzn"]),
            ("suse", ["suse", "sles", "opensuse"]), ("arch", ["arch"]), ("alpine", ["alpine"]),
        ]
        return families.first { !$0.1.isDisjoint(with: names) }?.0 ?? id
    }

    private static func runtime(_ answer: NodeAnswer) -> VariableValue {
        let (containerd, crio) = (answer.last("fact_containerd_version"), answer.last("fact_crio_version"))
        let socket = answer.last("fact_runtime_socket") ?? ""
        let isCrio = socket.contains("crio") || containerd == nil && crio != nil
        let name = isCrio ? "cri-o" : containerd == nil && socket.isEmpty ? "" : "containerd"
        return [
            "name": .string(name), "version": .string((isCrio ? crio : containerd) ?? ""), "socket": .string(socket),
            "cgroup_driver": .string(answer.last("fact_runtime_cgroup") ?? ""),
        ]
    }

    private static func mount(_ row: String) -> VariableValue? {
        let parts = row.split(separator: " ", maxSplits: 2).map(String.init)
        guard parts.count == 3 else { return nil }
        return ["path": .string(parts[2]), "type": .string(parts[0]), "device": .string(parts[1])]
    }
}
