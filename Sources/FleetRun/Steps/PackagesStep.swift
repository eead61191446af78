public import FleetExpressions
public import FleetModel

/// `packages: {names, hold, live}` – packages are installed by apt or dnf, and kept from unwanted updates (E5, E6).
///
/// A name may carry a version: `kubelet=1.36.0` takes any revision of it, `kubelet=1.36.*` any patch. Refused under
/// running pods unless `live: true` (safety rule 9).
public struct PackagesStep: HostStateStep {
    /// `packages`.
    public static let kind = "packages"
    /// What it does, for editors and lists.
    public static let purpose = "Packages are installed by apt or dnf, and kept from unwanted updates."
    /// `packages: [NAME, …]`.
    public static let shorthand: String? = "names"

    /// Twice: mirrors are busy, and another package manager may hold the lock.
    public static let usualRetries = StepRetries(2)

    /// Names, each perhaps with `=version`.
    public var names: [Template]
    /// Whether they are kept from being updated with everything else.
    public var isHeld: Bool
    /// Whether running pods do not matter.
    public var isLive: Bool
    /// The longest the package manager may take.
    public var timeout: Duration

    /// Reads `names`, `hold` (false), `live` (false) and `timeout` (15m).
    public init?(_ arguments: inout LocatedDecoder) {
        isHeld = arguments.optional("hold", .bool) ?? false
        isLive = arguments.optional("live", .bool) ?? false
        timeout = arguments.optional("timeout", .duration) ?? .seconds(900)
        guard
            let names = arguments.required(
                "names", .oneOrMore(of: .constant("a package: a name, or name=version") { Self.isPackage($0) }))
        else { return nil }
        self.names = names
    }

    /// `install packages`.
    public var title: String { isHeld ? "install and hold packages" : "install packages" }

    /// Touches the host, and may restart its runtime; repeatable, also where it failed.
    public var traits: StepTraits { [.touchesHost, .interruptsHost, .repeatable, .retriable] }
    /// Not under running pods.
    public var disturbsPods: Bool { !isLive }

    /// The script; throws where a name or version could not be one.
    public func command(in context: StepContext) throws -> HostCommand {
        let words = try names.map { try Self.word($0.text(in: context.scope)) }
        return HostCommand(
            script: NodeScript.packages,
            environment: ["FLEET_PACKAGES": words.joined(separator: " "), "FLEET_HOLD": isHeld ? "1" : "0"],
            timeoutSeconds: max(1, timeout.components.seconds))
    }

    /// Names as Debian and RPM have them; versions with epoch, revision and `*`.
    private static func word(_ text: String) throws -> String {
        guard isPackage(text) else { throw StepRefusal("\"\(text)\" is no package: a name, or name=version") }
        return text
    }

    private static func isPackage(_ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first ?? ""
        let isName = name.first.map { $0.isASCII && ($0.isLetter || $0.isNumber) } ?? false
        let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+.-_".contains($0)) }
        let version = parts.count == 2 ? parts[1] : "*"
        let isVersion = version.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+.:~^*-_".contains($0)) }
        return isName && isPlain && isVersion && !version.isEmpty
    }
}
