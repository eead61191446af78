import FleetWire
import Yams

/// An exec credential plugin of a user entry (`client.authentication.k8s.io`).
struct ExecPlugin: Hashable, Sendable {
    enum InteractiveMode: String { case never = "Never", ifAvailable = "IfAvailable", always = "Always" }

    var apiVersion: String
    var command: String
    var arguments: [String]
    var environment: [String: Secret]
    var interactiveMode: InteractiveMode
    var providesClusterInfo: Bool
    var installHint: String
    /// `spec.cluster` for the plugin; `null` without `provideClusterInfo`.
    var cluster: JSONValue = .null

    static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    init(_ node: Node, folder: String, place: String) throws(KubeconfigError) {
        apiVersion = node["apiVersion"]?.text ?? ""
        guard Self.versions.contains(apiVersion) else {
            throw KubeconfigError(
                "\(place): exec: apiVersion \"\(apiVersion)\" is not supported (\(Self.versions.joined(separator: ", ")))"
            )
        }
        guard let command = node["command"]?.text else { throw KubeconfigError("\(place): exec: command is missing") }
        self.command = command.contains("/") ? absolute(command, in: folder) : command
        arguments = node["args"]?.sequence.map { $0.compactMap { $0.scalar?.string } } ?? []
        environment = [:]
        for variable in node["env"]?.sequence.map(Array.init) ?? [] {
            guard let name = variable["name"]?.text else { throw KubeconfigError("\(place): exec: env without name") }
            environment[name] = Secret(variable["value"]?.scalar?.string ?? "")
        }
        providesClusterInfo = node["provideClusterInfo"]?.bool ?? false
        installHint = node["installHint"]?.text ?? ""
        interactiveMode = try Self.mode(node["interactiveMode"]?.text, apiVersion, place)
    }

    /// v1 demands a mode, v1beta1 takes `IfAvailable` for granted.
    private static func mode(
        _ text: String?, _ apiVersion: String, _ place: String
    ) throws(KubeconfigError) -> InteractiveMode {
        guard let text else {
            if apiVersion.hasSuffix("v1beta1") { return .ifAvailable }
            throw KubeconfigError("\(place): exec: interactiveMode is missing (Never, IfAvailable, Always)")
        }
        guard let mode = InteractiveMode(rawValue: text) else {
            throw KubeconfigError("\(place): exec: interactiveMode \"\(text)\" is unknown (Never, IfAvailable, Always)")
        }
        return mode
    }
}
