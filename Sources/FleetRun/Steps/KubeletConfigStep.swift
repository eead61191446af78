public import FleetExpressions
public import FleetModel

/// `kubelet_config: {settings, live}` – settings are merged into the kubelet's configuration, and it runs with them (E12).
///
/// A setting that is a mapping, such as `systemReserved`, is merged key by key; any other replaces the old one. The rest of
/// the file stays. A kubelet that does not come up with it
/// gets its old configuration back. Refused under running pods unless `live: true` (safety rule 9).
public struct KubeletConfigStep: HostStateStep {
    /// `kubelet_config`.
    public static let kind = "kubelet_config"
    /// What it does, for editors and lists.
    public static let purpose = "Settings are merged into the kubelet's configuration, and it runs with them."

    /// Values by the names of KubeletConfiguration, such as `systemReserved`; strings may hold `{{ }}`.
    public var settings: VariableMapping
    /// Whether running pods do not matter.
    public var isLive: Bool

    /// Reads `settings` and `live` (false).
    public init?(_ arguments: inout LocatedDecoder) {
        isLive = arguments.optional("live", .bool) ?? false
        guard let settings = arguments.required("settings", .variables) else { return nil }
        if settings.isEmpty { arguments.report("kubelet_config needs at least one setting") }
        for name in settings.names where !Self.isName(name) || ["apiVersion", "kind"].contains(name) {
            arguments.report("\"\(name)\" is no setting of the kubelet", expected: "a name such as systemReserved")
        }
        self.settings = settings
    }

    /// `set maxPods, systemReserved of the kubelet`.
    public var title: String { "set \(settings.names.sorted().joined(separator: ", ")) of the kubelet" }

    /// Not under running pods.
    public var disturbsPods: Bool { !isLive }

    /// The script; throws where a variable is undefined or a value cannot be written.
    public func command(in context: StepContext) throws -> HostCommand {
        var scope = context.scope
        scope.add([Self.kind: .mapping(settings)])
        let values = try scope.value(of: Self.kind)?.mappingValue ?? [:]
        let lines = try values.entries.sorted { $0.name < $1.name }.flatMap { try Self.lines($0.name, $0.value, "") }
        return HostCommand(
            script: NodeScript.kubeletConfiguration, environment: ["FLEET_SETTINGS": lines.joined(separator: "\n")],
            timeoutSeconds: 180)
    }

    /// A setting as YAML, one line an element; strings are quoted.
    private static func lines(_ name: String, _ value: VariableValue, _ indent: String) throws -> [String] {
        guard isName(name) else { throw StepRefusal("\"\(name)\" cannot be the name of a setting") }
        switch value {
        case .mapping(let mapping):
            return try [indent + name + ":"] + mapping.entries.flatMap { try lines($0.name, $0.value, indent + "  ") }
        case .list(let elements):
            return try [indent + name + ":"] + elements.map { try indent + "- " + scalar($0, name) }
        default: return [indent + name + ": " + (try scalar(value, name))]
        }
    }

    private static func scalar(_ value: VariableValue, _ name: String) throws -> String {
        guard let text = value.scalarText else { throw StepRefusal("\(name) holds \(value.kindName)") }
        guard case .string = value else { return text }
        guard !text.contains(where: \.isNewline) else { throw StepRefusal("\(name) holds a line break") }
        let escapes: [Unicode.Scalar: String] = ["\\": "\\\\", "\"": "\\\""]
        return "\"" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "\""
    }

    private static func isName(_ text: String) -> Bool {
        text.first.map { $0.isASCII && $0.isLetter } ?? false
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._/-".contains($0)) }
    }
}
