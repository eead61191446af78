public import FleetExpressions
public import FleetModel
import FleetPlanning

/// `host_name: NAME` – the host bears the name, now and after a boot (E1); the Node's name where none is given.
public struct HostNameStep: HostStateStep {
    /// `host_name`.
    public static let kind = "host_name"
    /// What it does, for editors and lists.
    public static let purpose = "The host bears the name, now and after a boot; the Node's name where none is given."
    /// `host_name: NAME`.
    public static let shorthand: String? = "name"

    /// The name; nil means the Node's.
    public var name: Template?

    /// Reads `name`.
    public init?(_ arguments: inout LocatedDecoder) {
        name = arguments.optional(
            "name", .constant("a host name of small letters, digits, \"-\" and \".\"") { Self.isHostName($0) })
    }

    /// `set the host name`.
    public var title: String { "set the host name" }

    /// The script; throws when the name is none (RFC 1123).
    public func command(in context: StepContext) throws -> HostCommand {
        let wanted = try name?.text(in: context.scope) ?? context.target.node.rawValue
        guard Self.isHostName(wanted) else {
            throw StepRefusal(
                "\"\(wanted)\" is no host name: small letters, digits, \"-\" and \".\", at most 63 a label")
        }
        return HostCommand(script: NodeScript.hostName, environment: ["FLEET_HOST_NAME": wanted], timeoutSeconds: 60)
    }

    /// Lower-case labels of 1–63 letters, digits and inner hyphens; at most 253 altogether.
    static func isHostName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) || $0 == 45 }
            }
    }
}
