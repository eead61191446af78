public import FleetExpressions
public import FleetModel

/// `containerd: {live}` – containerd serves Kubernetes with systemd's cgroups, and runs with that configuration (E5).
///
/// An existing configuration keeps everything that is not in the kubelet's way.
///
/// It is restarted only where it started before its configuration was written, also when an earlier run broke off in
/// between. Refused under running pods unless `live: true` (safety rule 9).
public struct ContainerdStep: HostStateStep {
    /// `containerd`.
    public static let kind = "containerd"
    /// What it does, for editors and lists.
    public static let purpose =
        "The container runtime containerd serves Kubernetes with systemd's cgroups, and runs with that configuration."

    /// Whether running pods do not matter.
    public var isLive: Bool

    /// Reads `live` (false).
    public init?(_ arguments: inout LocatedDecoder) {
        isLive = arguments.optional("live", .bool) ?? false
    }

    /// `configure containerd`.
    public var title: String { "configure containerd" }

    /// Touches the host, and may restart its runtime; repeatable, also where it failed.
    public var traits: StepTraits { [.touchesHost, .interruptsHost, .repeatable, .retriable] }
    /// Not under running pods.
    public var disturbsPods: Bool { !isLive }

    /// The script.
    public func command(in context: StepContext) -> HostCommand {
        HostCommand(script: NodeScript.containerd, timeoutSeconds: 180)
    }
}
