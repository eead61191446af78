public import FleetExpressions
public import FleetModel

/// `swap: off` – no swap, now and at boot (E3).
///
/// Of /etc/fstab only the lines of swap are commented; what stood there before is kept in /etc/fstab.before-fleet.
public struct SwapStep: HostStateStep {
    /// `swap`.
    public static let kind = "swap"
    /// What it does, for editors and lists.
    public static let purpose = "No swap, now and at boot."
    /// `swap: off`.
    public static let shorthand: String? = "state"

    /// Reads `state`, which is `off`.
    public init?(_ arguments: inout LocatedDecoder) {
        guard arguments.required("state", .off) != nil else { return nil }
    }

    /// `turn swap off`.
    public var title: String { "turn swap off" }

    /// The script.
    public func command(in context: StepContext) -> HostCommand {
        HostCommand(script: NodeScript.swapOff, timeoutSeconds: 300)
    }
}

extension ValueForm<Bool> {
    /// `off`, which YAML takes for false.
    static var off: ValueForm { .scalar("off") { $0.value == .bool(false) || $0.text == "off" ? false : nil } }
}
