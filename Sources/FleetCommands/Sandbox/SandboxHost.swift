/// A host to be made up in a sandbox: what it is called, who it claims to be, and what it carries.
public struct SandboxHost: Hashable, Sendable {
    /// What the host is in its cluster.
    public enum Role: String, Hashable, Sendable {
        /// A machine with nothing of Kubernetes on it and swap on.
        case fresh
        /// A joined worker: kubelet, container runtime, network plugin, their rules and mounts.
        case worker
        /// A joined control-plane host: static pods and an etcd member besides.
        case controlPlane = "control-plane"
    }

    /// The network plugin whose traces the host carries.
    public enum NetworkPlugin: String, Hashable, Sendable {
        /// `cali-*` chains, `cali*` sets and interfaces, `vxlan.calico`.
        case calico
        /// `FLANNEL-*` chains, `flannel.1`, `cni0`.
        case flannel
    }

    /// The family of its package tools.
    public enum Family: String, Hashable, Sendable {
        /// apt and dpkg.
        case debian
        /// dnf 4 and rpm.
        case redhat
        /// dnf 5 and rpm.
        case fedora
    }

    /// The host name; letters, digits, `.` and `-`.
    public var name: String
    /// A loopback address, 127.0.0.0/8; nil takes the next free one of 127.0.1.0/24.
    public var address: String?
    /// What the host is.
    public var role: Role
    /// The network plugin of a joined host.
    public var plugin: NetworkPlugin
    /// The family of its package tools.
    public var family: Family
    /// `/etc/machine-id`: 32 hexadecimal digits.
    public var machineID: String
    /// The firmware's product UUID.
    public var systemUUID: String
    /// The address of its network interface, which a Node would report as InternalIP; IPv4.
    public var internalIP: String
    /// The cluster's CA certificate in PEM, as a joined kubelet has it, and as `kubeadm join` writes it.
    public var clusterCertificate: String
    /// The Kubernetes version, such as `v1.36.0`.
    public var version: String

    /// A worker of a Calico cluster on a Debian host, its ids made from the name.
    public init(
        name: String, address: String? = nil, role: Role = .worker, plugin: NetworkPlugin = .calico,
        family: Family = .debian, machineID: String? = nil, systemUUID: String? = nil,
        internalIP: String = "10.0.0.10", clusterCertificate: String, version: String = "v1.36.0"
    ) {
        let digits = Self.digits(of: name)
        self.name = name
        self.address = address
        self.role = role
        self.plugin = plugin
        self.family = family
        self.machineID = machineID ?? digits
        self.systemUUID = systemUUID ?? Self.uuid(from: digits)
        self.internalIP = internalIP
        self.clusterCertificate = clusterCertificate
        self.version = version
    }

    /// 32 hexadecimal digits that depend on the name alone: FNV-1a, twice.
    private static func digits(of name: String) -> String {
        let halves = ["machine:", "half:"].map { prefix in
            (prefix + name).utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        return halves.map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
    }

    private static func uuid(from digits: String) -> String {
        var rest = Substring(digits)
        let groups = [8, 4, 4, 4, 12].map { length in
            defer { rest = rest.dropFirst(length) }
            return String(rest.prefix(length))
        }
        return groups.joined(separator: "-")
    }
}
