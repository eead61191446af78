import FleetExpressions
import FleetFiles
import FleetModel
import Foundation

/// What holds where the command line is silent: `fleet.yaml` in the working directory, beside `playbooks/`, and above it
/// the `FLEET_…` variables of the environment.
///
/// A limit is never a default: what a run may touch is said each time (safety rule 1).
struct Defaults: Hashable, Sendable {
    /// The file's name.
    static let file = "fleet.yaml"

    /// `inventory`, a path or a list of paths; `FLEET_INVENTORY`, separated by commas.
    var inventories: [String] = []
    /// `kubeconfig`; `FLEET_KUBECONFIG`.
    var kubeconfig: String?
    /// `context`; `FLEET_CONTEXT`.
    var context: String?
    /// `state`; `FLEET_STATE`.
    var state: String?
    /// `user`; `FLEET_USER`.
    var user: String?
    /// `private_key`; `FLEET_PRIVATE_KEY`.
    var privateKey: String?
    /// `known_hosts`; `FLEET_KNOWN_HOSTS`.
    var knownHosts: String?

    /// Reads the file, if it is there, and the environment; throws every mistake of the file at once.
    static func load(
        files: any FileTree = DiskFileTree(), environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> Defaults {
        var defaults = files.kind(of: file) != nil ? try Defaults(file: file, in: files) : Defaults()
        defaults.take(environment)
        return defaults
    }

    private init() {}

    private init(file: String, in files: any FileTree) throws {
        let text = String(decoding: try files.contents(of: file), as: UTF8.self)
        self = try LocatedDecoder.decode(try YAMLReader.read(text, file: file), as: "fleet's defaults") {
            Self.read(&$0)
        }
    }

    private static func read(_ decoder: inout LocatedDecoder) -> Defaults {
        var defaults = Defaults()
        defaults.inventories = decoder.optional("inventory", .oneOrMore(of: .string)) ?? []
        defaults.kubeconfig = decoder.optional("kubeconfig", .string)
        defaults.context = decoder.optional("context", .string)
        defaults.state = decoder.optional("state", .string)
        defaults.user = decoder.optional("user", .string)
        defaults.privateKey = decoder.optional("private_key", .string)
        defaults.knownHosts = decoder.optional("known_hosts", .string)
        return defaults
    }

    /// What `fleet.yaml` may hold, for editors.
    static var schema: ValueSchema { .object(LocatedDecoder.keys { read(&$0) }) }

    /// An empty variable counts as none.
    private mutating func take(_ environment: [String: String]) {
        let value = { (name: String) in environment["FLEET_\(name)"].flatMap { $0.isEmpty ? nil : $0 } }
        if let list = value("INVENTORY") { inventories = list.split(separator: ",").map(String.init) }
        kubeconfig = value("KUBECONFIG") ?? kubeconfig
        context = value("CONTEXT") ?? context
        state = value("STATE") ?? state
        user = value("USER") ?? user
        privateKey = value("PRIVATE_KEY") ?? privateKey
        knownHosts = value("KNOWN_HOSTS") ?? knownHosts
    }
}
