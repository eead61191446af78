import FleetWire
import Foundation
import Yams

/// One kubeconfig as it was read: named entries, paths made absolute.
struct KubeconfigFile {
    struct Entry<Value> {
        let name: String
        let value: Value
        /// The file that names it.
        let file: String
    }

    struct Cluster {
        var server = ""
        var authorityFile: String?
        var authorityData: String?
        var isInsecure = false
        var tlsServerName: String?
        var proxyURL: String?
        /// What `provideClusterInfo` hands to a plugin.
        var execConfig = JSONValue.null
    }

    struct Context {
        var cluster = ""
        var user = ""
        var namespace: String?
    }

    struct User {
        var certificateFile: String?
        var certificateData: String?
        var keyFile: String?
        var keyData: Secret?
        var token: Secret?
        var tokenFile: String?
        var username: String?
        var password: Secret?
        var exec: ExecPlugin?
        var hasAuthProvider = false
        var impersonation = ClusterConnection.Impersonation()
    }

    var currentContext = ""
    var clusters: [Entry<Cluster>] = []
    var contexts: [Entry<Context>] = []
    var users: [Entry<User>] = []

    var isEmpty: Bool { currentContext.isEmpty && clusters.isEmpty && contexts.isEmpty && users.isEmpty }

    init() {}

    /// Reads a file; nil when it does not exist.
    init?(path: String) throws(KubeconfigError) {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw KubeconfigError("\(path): cannot be read: \(error.localizedDescription)")
        }
        try self.init(text: text, path: path)
    }

    init(text: String, path: String) throws(KubeconfigError) {
        guard BoundedYAML.isHarmless(text) else { throw KubeconfigError("\(path): \(BoundedYAML.objection)") }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw KubeconfigError("\(path): \(Self.firstLines(of: error))")
        }
        guard let root, !root.isNull else { return }
        guard root.mapping != nil else { throw KubeconfigError("\(path): not a kubeconfig: a mapping was expected") }
        let folder = Self.folder(of: path)
        currentContext = root["current-context"]?.text ?? ""
        clusters = try Self.entries(root, "clusters", "cluster", path) { Cluster($0, folder) }
        contexts = try Self.entries(root, "contexts", "context", path) { Context($0) }
        users = try Self.entries(root, "users", "user", path) { (node, name) throws(KubeconfigError) in
            try User(node, folder, "\(path): user \"\(name)\"")
        }
    }

    /// The folder of a path; empty for a bare name.
    ///
    /// Foundation's own way traps on names of one letter.
    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A YAML error quotes the text around it, which may hold a secret: only its position and kind are passed on.
    private static func firstLines(of error: any Error) -> String {
        guard let error = error as? YamlError else { return "not YAML" }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return "not YAML: \(problem) at line \(mark.line), column \(mark.column)"
        default: return "not YAML"
        }
    }

    private static func entries<Value>(
        _ root: Node, _ list: String, _ member: String, _ path: String,
        _ make: (Node, String) throws(KubeconfigError) -> Value
    ) throws(KubeconfigError) -> [Entry<Value>] {
        guard let node = root[list], !node.isNull else { return [] }
        guard let elements = node.sequence else { throw KubeconfigError("\(path): \(list): a list was expected") }
        var result: [Entry<Value>] = []
        for element in elements {
            guard let name = element["name"]?.text else {
                throw KubeconfigError("\(path): \(list): an entry lacks name")
            }
            let value = element[member] ?? Node([(Node, Node)]())
            result.append(Entry(name: name, value: try make(value, name), file: path))
        }
        return result
    }

    private static func entries<Value>(
        _ root: Node, _ list: String, _ member: String, _ path: String, _ make: (Node) -> Value
    ) throws(KubeconfigError) -> [Entry<Value>] {
        try entries(root, list, member, path) { (node, _) throws(KubeconfigError) in make(node) }
    }
}

extension KubeconfigFile.Cluster {
    fileprivate init(_ node: Node, _ folder: String) {
        server = node["server"]?.text ?? ""
        authorityFile = node["certificate-authority"]?.text.map { absolute($0, in: folder) }
        authorityData = node["certificate-authority-data"]?.text
        isInsecure = node["insecure-skip-tls-verify"]?.bool ?? false
        tlsServerName = node["tls-server-name"]?.text
        proxyURL = node["proxy-url"]?.text
        let extensions = node["extensions"]?.sequence.map(Array.init) ?? []
        let exec = extensions.first { $0["name"]?.text == "client.authentication.k8s.io/exec" }
        execConfig = exec?["extension"].map(JSONValue.init(yaml:)) ?? .null
    }
}

extension KubeconfigFile.Context {
    fileprivate init(_ node: Node) {
        cluster = node["cluster"]?.text ?? ""
        user = node["user"]?.text ?? ""
        namespace = node["namespace"]?.text
    }
}

extension KubeconfigFile.User {
    fileprivate init(_ node: Node, _ folder: String, _ place: String) throws(KubeconfigError) {
        certificateFile = node["client-certificate"]?.text.map { absolute($0, in: folder) }
        certificateData = node["client-certificate-data"]?.text
        keyFile = node["client-key"]?.text.map { absolute($0, in: folder) }
        keyData = node["client-key-data"]?.text.map(Secret.init)
        if let text = node["token"]?.text {
            guard let read = BearerToken.read(text) else {
                throw KubeconfigError("\(place): the token \(BearerToken.objection)")
            }
            token = read
        }
        tokenFile = node["tokenFile"]?.text.map { absolute($0, in: folder) }
        username = node["username"]?.text
        password = node["password"]?.text.map(Secret.init)
        hasAuthProvider = node["auth-provider"].map { !$0.isNull } ?? false
        if let exec = node["exec"], !exec.isNull { self.exec = try ExecPlugin(exec, folder: folder, place: place) }
        impersonation.user = node["as"]?.text ?? node["act-as"]?.text ?? ""
        impersonation.uid = node["as-uid"]?.text ?? node["act-as-uid"]?.text ?? ""
        impersonation.groups = (node["as-groups"] ?? node["act-as-groups"])?.texts ?? []
        let extra = (node["as-user-extra"] ?? node["act-as-user-extra"])?.mapping
        for pair in extra.map(Array.init) ?? [] {
            impersonation.extra[pair.key.text ?? ""] = pair.value.texts
        }
    }
}

/// A path as it stands, or below the folder of the file that names it.
func absolute(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") ? path : (folder as NSString).appendingPathComponent(path)
}

extension Node {
    /// A scalar's text; nil for `null`, an empty text, and anything but a scalar.
    var text: String? {
        guard let scalar, !isNull, !scalar.string.isEmpty else { return nil }
        return scalar.string
    }

    /// The texts of a list.
    var texts: [String] { sequence.map { $0.compactMap(\.text) } ?? [] }

    /// Whether it is a plain `null`, `~` or nothing.
    var isNull: Bool { scalar?.style == .plain && null != nil }
}

extension JSONValue {
    /// A YAML value as JSON.
    init(yaml node: Node) {
        if let mapping = node.mapping {
            self = .object(JSONObject(mapping.map { ($0.key.scalar?.string ?? "", JSONValue(yaml: $0.value)) }))
        } else if let sequence = node.sequence {
            self = .array(sequence.map(JSONValue.init(yaml:)))
        } else if node.scalar?.style != .plain {
            self = .string(node.scalar?.string ?? "")
        } else if node.isNull {
            self = .null
        } else if let bool = node.bool {
            self = .bool(bool)
        } else if let int = node.int {
            self = .int(int)
        } else {
            self = .string(node.scalar?.string ?? "")
        }
    }
}
