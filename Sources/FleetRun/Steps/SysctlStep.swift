public import FleetExpressions
public import FleetModel

/// `sysctl: {settings, file}` – settings of the kernel, now and at boot, each read back (E4).
public struct SysctlStep: HostStateStep {
    /// `sysctl`.
    public static let kind = "sysctl"
    /// What it does, for editors and lists.
    public static let purpose = "Settings of the kernel, now and at boot, each read back."

    /// Values by key, such as `net.ipv4.ip_forward`.
    public var settings: [String: Template]
    /// The file in /etc/sysctl.d without `.conf`; the step owns it whole, so a second step needs another.
    public var file: String

    /// Reads `settings` and `file` (zz-fleet, which sorts last and therefore wins at boot).
    public init?(_ arguments: inout LocatedDecoder) {
        file = arguments.optional("file", .fileStem) ?? "zz-fleet"
        guard let settings = arguments.required("settings", .dictionary(of: .template)) else { return nil }
        for key in settings.keys.sorted() where !Self.isKey(key) {
            arguments.report("\"\(key)\" is no setting of the kernel", expected: "a key such as net.ipv4.ip_forward")
        }
        self.settings = settings
    }

    /// `set net.ipv4.ip_forward`.
    public var title: String { "set \(settings.keys.sorted().joined(separator: ", "))" }

    /// The script; throws where a value has more than one line.
    public func command(in context: StepContext) throws -> HostCommand {
        let lines = try settings.sorted { $0.key < $1.key }.map { key, template in
            let words = try template.text(in: context.scope).split(whereSeparator: \.isWhitespace)
            guard !words.isEmpty else { throw StepRefusal("\(key) has no value") }
            return "\(key)=\(words.joined(separator: " "))"
        }
        return HostCommand(
            script: NodeScript.sysctl,
            environment: ["FLEET_SETTINGS": lines.joined(separator: "\n"), "FLEET_FILE": file], timeoutSeconds: 60)
    }

    private static func isKey(_ text: String) -> Bool {
        text.contains(".") && !text.hasPrefix(".")
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/".contains($0)) }
    }
}

extension ValueForm<String> {
    /// A file's name without its ending: letters, digits, `.`, `_` and `-`.
    static var fileStem: ValueForm {
        .scalar("a file name such as 90-network, without .conf") { scalar in
            let isPlain = scalar.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            return isPlain && !scalar.text.isEmpty && !scalar.text.hasPrefix(".") && !scalar.text.hasSuffix(".conf")
                ? scalar.text : nil
        }
    }
}
