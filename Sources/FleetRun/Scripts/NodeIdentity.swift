/// Who a host says that it is, as ``NodeScript/identity`` answers.
public struct NodeIdentity: Hashable, Sendable {
    /// The kernel's host name.
    public let hostName: String
    /// `/etc/machine-id`; nil where it is missing or empty.
    public let machineID: String?
    /// The firmware's UUID, in small letters; what the kubelet reports as systemUUID.
    public let systemUUID: String?
    /// The kernel's boot id; another one after a reboot.
    public let bootID: String?
    /// Addresses of its interfaces, without loopback and link-local ones.
    public let addresses: [String]
    /// SHA-256 (lower-case hex) of the DER of each CA certificate that its kubelet trusts.
    public let clusterAuthorities: [String]
    /// Why it looks like a control-plane host; nil where nothing does (safety rule 3).
    public let controlPlaneSign: String?

    /// Reads the answer; nil where it does not even say the host's name.
    public init?(_ answer: NodeAnswer) {
        guard let hostName = answer.last("hostname") else { return nil }
        self.hostName = hostName
        machineID = answer.last("machine_id")
        systemUUID = answer.last("product_uuid")
        bootID = answer.last("boot_id")
        addresses = answer.all("ip")
        clusterAuthorities = answer.all("cluster_ca_sha256")
        controlPlaneSign = answer.last("control_plane_sign")
    }
}
