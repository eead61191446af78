public import FleetModel

/// The machine below a Node, as far as the cluster feels it.
public struct HostState: Hashable, Sendable {
    /// What the kubelet's service does.
    public enum Kubelet: String, Hashable, Sendable {
        case running
        /// Stopped; starts again at the next boot.
        case stopped
        /// Stopped, and stays so over a boot.
        case disabled
    }

    /// The Node that it registers, as the kubelet describes it: name, labels, capacity, addresses, machine ID.
    public var node: Node
    /// Taints with which the kubelet registers, such as the control plane's.
    public var registrationTaints: [Taint]
    /// The kubelet's service.
    public var kubelet: Kubelet
    /// Whether the machine runs.
    public var isPoweredOn: Bool
    /// Whether it has joined: the kubelet has a configuration and registers its Node when it starts.
    public var isJoined: Bool
    /// Whether this kubelet process has registered: it does so once, so that a deleted Node stays gone.
    public var hasRegistered: Bool

    /// A host; running and joined unless told otherwise.
    public init(
        node: Node, registrationTaints: [Taint] = [], kubelet: Kubelet = .running, isPoweredOn: Bool = true,
        isJoined: Bool = true, hasRegistered: Bool = false
    ) {
        self.node = node
        self.registrationTaints = registrationTaints
        self.kubelet = kubelet
        self.isPoweredOn = isPoweredOn
        self.isJoined = isJoined
        self.hasRegistered = hasRegistered
    }

    /// The Node's name.
    public var name: NodeName { node.name }
    /// `/etc/machine-id`.
    public var machineID: String { node.machineID }
    /// Whether the kubelet heartbeats and looks after pods.
    public var isKubeletAlive: Bool { isPoweredOn && kubelet == .running }
}

/// Something done to a host, over SSH or by hand.
public enum HostAction: Hashable, Sendable {
    /// `systemctl stop kubelet`; containers go on running, heartbeats end.
    case stopKubelet
    /// `systemctl disable --now kubelet`.
    case disableKubelet
    /// `systemctl enable --now kubelet`; a new process, which registers the Node if it is missing.
    case startKubelet
    /// `kubeadm reset`: kubelet stopped, configuration and containers gone.
    case reset
    /// `kubeadm join`: configuration written, kubelet started, Node registered.
    case join
    /// The power goes: kubelet and containers die.
    case powerOff
    /// The power comes back.
    case powerOn
    /// Off for `rebootDuration`, then on.
    case reboot
}
