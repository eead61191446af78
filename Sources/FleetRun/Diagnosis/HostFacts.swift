/// What a host says of its own state, as ``NodeScript/diagnosis`` answers.
public struct HostFacts: Hashable, Sendable {
    /// What a unit of systemd does.
    public struct Unit: Hashable, Sendable {
        /// Such as `active`, `inactive`, `activating`, `failed`; empty where systemd does not say.
        public var state: String
        /// Such as `enabled`; empty where there is no such unit.
        public var boot: String
        /// How often systemd started it again.
        public var restarts: Int
        /// The last errors of its journal.
        public var errors: [String]
    }

    /// How full a file system is.
    public struct Disk: Hashable, Sendable {
        /// A directory on it.
        public var path: String
        /// Space used, in percent.
        public var used: Int
        /// Inodes used, in percent.
        public var inodes: Int
    }

    /// Its clock, in seconds since 1970.
    public var time: Int64?
    /// Whether it has a kubelet's configuration for a cluster.
    public var isJoined: Bool
    /// SHA-256 of each CA that its kubelet trusts.
    public var clusterAuthorities: [String]
    /// The kubelet.
    public var kubelet: Unit
    /// containerd.
    public var containerd: Unit
    /// CRI-O.
    public var crio: Unit
    /// Whether the container runtime answers; nil where it was not asked.
    public var runtimeAnswers: Bool?
    /// The runtime's words where it does not.
    public var runtimeError: String
    /// The kubelet's and the runtime's cgroup drivers; empty where unknown.
    public var cgroupDrivers: (kubelet: String, runtime: String) { (kubeletCgroup, runtimeCgroup) }
    /// How many network configurations there are; nil where it was not looked.
    public var networkConfigurations: Int?
    /// Network plugins that are configured and have no program.
    public var missingPlugins: [String]
    /// The last errors of the network plugin's log.
    public var networkErrors: [String]
    /// What the network plugin's own status says is not well.
    public var networkStatus: [String]
    /// Servers of names by address, with `answers`, `refuses` or `silent`: the host's own.
    public var resolvers: [String: String]
    /// The same of the cluster's, which the kubelet gives to pods.
    public var clusterDNS: [String: String]
    /// `host:port` of the API server by the kubelet's configuration.
    public var apiServer: String
    /// Whether the API server's name has an address.
    public var resolvesServer: Bool
    /// Whether the API server answers; nil where it was not asked.
    public var serverAnswers: Bool?
    /// Why it does not.
    public var serverError: String
    /// Addresses of other nodes that it was asked to reach, with whether it did.
    public var peers: [String: Bool]
    /// When the kubelet's client certificate ends, in seconds since 1970.
    public var certificateEnd: Int64?
    /// When the certificate ends by which its kubelet is known, in seconds since 1970.
    public var servingCertificateEnd: Int64?
    /// When the cluster's CA ends, in seconds since 1970.
    public var authorityEnd: Int64?
    /// How full its file systems are.
    public var disks: [Disk]
    /// Swap areas in use.
    public var swap: String
    /// Whether it passes packets on; nil where unknown.
    public var forwards: Bool?

    private var kubeletCgroup: String
    private var runtimeCgroup: String

    /// Reads an answer; nil where it broke off.
    public init?(_ answer: NodeAnswer) {
        guard answer.last("end") == "yes" else { return nil }
        time = answer.last("time").flatMap(Int64.init)
        isJoined = answer.last("joined") == "yes"
        clusterAuthorities = answer.all("cluster_ca_sha256").filter { !$0.isEmpty }
        kubelet = Self.unit("kubelet", answer)
        containerd = Self.unit("containerd", answer)
        crio = Self.unit("crio", answer)
        runtimeAnswers = answer.last("runtime_answers").map { $0 == "yes" }
        runtimeError = answer.last("runtime_error") ?? ""
        kubeletCgroup = answer.last("kubelet_cgroup") ?? ""
        runtimeCgroup = answer.last("runtime_cgroup") ?? ""
        networkConfigurations = answer.last("cni_configurations").flatMap(Int.init)
        missingPlugins = answer.all("cni_missing")
        networkErrors = answer.all("cni_error")
        networkStatus = answer.networkStatus()
        resolvers = Self.servers("resolver", answer)
        clusterDNS = Self.servers("cluster_dns", answer)
        apiServer = answer.last("api_server") ?? ""
        resolvesServer = answer.last("api_name") != "unresolved"
        serverAnswers = answer.last("api_answers").map { $0 == "yes" }
        serverError = answer.last("api_error") ?? ""
        let pairs = answer.all("peer").map { $0.split(separator: " ") }.filter { $0.count == 2 }
        peers = Dictionary(pairs.map { (String($0[0]), $0[1] == "yes") }, uniquingKeysWith: { first, _ in first })
        certificateEnd = answer.last("certificate_end").flatMap(Int64.init)
        servingCertificateEnd = answer.last("serving_end").flatMap(Int64.init)
        authorityEnd = answer.last("authority_end").flatMap(Int64.init)
        disks = answer.all("disk").compactMap(Self.disk)
        swap = answer.last("swap") ?? ""
        forwards = answer.last("ip_forward").map { $0 == "1" }
    }

    private static func unit(_ name: String, _ answer: NodeAnswer) -> Unit {
        Unit(
            state: answer.last("\(name)_state") ?? "", boot: answer.last("\(name)_boot") ?? "",
            restarts: answer.last("\(name)_restarts").flatMap(Int.init) ?? 0, errors: answer.all("\(name)_error"))
    }

    private static func servers(_ key: String, _ answer: NodeAnswer) -> [String: String] {
        let pairs = answer.all(key).map { $0.split(separator: " ") }.filter { $0.count == 2 }
        return Dictionary(pairs.map { (String($0[0]), String($0[1])) }, uniquingKeysWith: { first, _ in first })
    }

    private static func disk(_ text: String) -> Disk? {
        let parts = text.split(separator: " ")
        guard parts.count == 3, let used = Int(parts[1]), let inodes = Int(parts[2]) else { return nil }
        return Disk(path: String(parts[0]), used: used, inodes: inodes)
    }
}

extension NodeAnswer {
    /// What the network plugin complains of; a peer at one of some addresses is none of its concern.
    func networkStatus(sparing away: Set<String> = []) -> [String] {
        let peers = all("bgp_peer").compactMap { line -> String? in
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, !away.contains(String(parts[0])) else { return nil }
            return "BGP peer \(parts[0]) is \(parts[1])"
        }
        return peers + all("cni_status")
    }
}
