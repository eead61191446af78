import FleetExpressions
import FleetModel

/// Reads what fleet itself needs from a host's variables: the connection, zone, pool, Node name, labels and taints.
///
/// Mistakes do not spoil the inventory: they are the host's problems, and whoever needs the host refuses it.
struct HostSettings {
    private let layers: [LocatedVariables]
    private let scope: VariableScope
    private var host: Host

    init(host: Host, layers: [LocatedVariables]) {
        self.host = host
        self.layers = layers
        scope = VariableScope(host: host)
    }

    /// The host with its settings.
    var applied: Host {
        var settings = self
        settings.readConnection()
        settings.readPlace()
        settings.readLabels()
        settings.readTaints()
        return settings.host
    }

    // MARK: - Single values

    private func located(_ names: [String]) -> (name: String, value: LocatedValue)? {
        for name in names {
            for layer in layers.reversed() {
                if let value = layer[name] { return (name, value) }
            }
        }
        return nil
    }

    /// The first of some variables that is set, its templates worked out; nil when none is, or it is empty.
    private mutating func value(_ names: String...) -> (name: String, value: VariableValue, location: SourceLocation)? {
        guard let (name, found) = located(names), !found.isNull else { return nil }
        guard found.holdsTemplates || found.scalar?.isVaulted ?? false else {
            return (name, found.value, found.location)
        }
        do throws(Diagnostic) {
            let reference = LocatedScalar(text: name, value: .string(name), textLocation: found.location)
            return (name, try Template(parsing: reference.inBraces).value(in: scope), found.location)
        } catch {
            host.problems.append(error.description)
            return nil
        }
    }

    private mutating func refuse(_ name: String, at location: SourceLocation, found: VariableValue, expected: String) {
        let shown = found.scalarText.map { "\"\($0)\"" } ?? found.kindName
        let problem = Diagnostic(
            "unusable \(name) of host \"\(host.name)\"", at: location, found: shown, expected: expected)
        host.problems.append(problem.description)
    }

    private mutating func text(_ found: (name: String, value: VariableValue, location: SourceLocation)?) -> String? {
        guard let found, found.value != "" else { return nil }
        if let text = found.value.scalarText { return text }
        refuse(found.name, at: found.location, found: found.value, expected: "text")
        return nil
    }

    private mutating func flag(_ found: (name: String, value: VariableValue, location: SourceLocation)?) -> Bool? {
        guard let found else { return nil }
        switch found.value.scalarText?.lowercased() {
        case "true", "yes", "on", "y", "t", "1": return true
        case "false", "no", "off", "n", "f", "0": return false
        default:
            refuse(found.name, at: found.location, found: found.value, expected: "true or false")
            return nil
        }
    }

    // MARK: - Connection

    private mutating func readConnection() {
        var connection = ConnectionSettings(address: host.name.rawValue)
        if let address = text(value("ansible_host", "ansible_ssh_host")) { connection.address = address }
        connection.port = port()
        connection.user = text(value("ansible_user", "ansible_ssh_user"))
        connection.privateKeyFile = text(value("ansible_ssh_private_key_file", "ansible_private_key_file"))
        connection.options = options("ansible_ssh_common_args") + options("ansible_ssh_extra_args")
        connection.transport = text(value("ansible_connection")) ?? "ssh"
        connection.becomes = flag(value("ansible_become", "ansible_sudo"))
        connection.becomeMethod = text(value("ansible_become_method"))
        connection.becomeUser = text(value("ansible_become_user", "ansible_sudo_user"))
        let passwords = [
            "ansible_password", "ansible_ssh_pass", "ansible_ssh_password", "ansible_become_password",
            "ansible_become_pass",
        ]
        connection.hasPassword = located(passwords) != nil
        host.connection = connection
    }

    private mutating func port() -> Int? {
        guard let found = value("ansible_port", "ansible_ssh_port") else { return nil }
        if let port = found.value.scalarText.flatMap({ Int($0) }), (1...65535).contains(port) { return port }
        refuse(found.name, at: found.location, found: found.value, expected: "a port from 1 to 65535")
        return nil
    }

    private mutating func options(_ name: String) -> [SSHOption] {
        guard let found = value(name), let text = text(found) else { return [] }
        guard let words = ShellWords.split(text, comments: false) else {
            refuse(name, at: found.location, found: found.value, expected: "arguments of ssh with closed quotes")
            return []
        }
        return SSHOption.parse(arguments: words.map(\.text))
    }

    // MARK: - The Node

    private mutating func readPlace() {
        host.zone = text(value("zone")).map { Zone($0) }
        host.pool = text(value("pool")).map { Pool($0) }
        if let name = text(value("kubernetes_node")) { host.node = NodeName(name) }
    }

    private mutating func readLabels() {
        guard let found = value("labels", "node_labels") else { return }
        guard case .mapping(let mapping) = found.value else {
            return refuse(found.name, at: found.location, found: found.value, expected: "a mapping of labels to values")
        }
        for (key, value) in mapping.entries {
            guard let text = value == .null ? "" : value.scalarText else {
                refuse("label \(key)", at: found.location, found: value, expected: "text")
                continue
            }
            host.labels[key] = text
        }
    }

    private mutating func readTaints() {
        guard let found = value("taints", "node_taints") else { return }
        guard case .list(let elements) = found.value else {
            return refuse(found.name, at: found.location, found: found.value, expected: "a list of key=value:Effect")
        }
        for element in elements {
            guard let taint = Taint(inventory: element) else {
                refuse(
                    "taint", at: found.location, found: element,
                    expected: "key=value:NoSchedule, key:NoExecute or a mapping of key, value and effect")
                continue
            }
            host.taints.append(taint)
        }
    }
}

extension LocatedValue {
    /// Whether some string in it holds `{{`.
    fileprivate var holdsTemplates: Bool {
        switch content {
        case .scalar(let scalar): scalar.value.stringValue?.contains("{{") ?? false
        case .sequence(let elements): elements.contains(where: \.holdsTemplates)
        case .mapping(let mapping): mapping.entries.contains { $0.value.holdsTemplates }
        }
    }
}

extension LocatedScalar {
    fileprivate var inBraces: LocatedScalar {
        LocatedScalar(text: "{{ \(text) }}", value: value, textLocation: textLocation)
    }
}

extension Taint {
    /// `key=value:Effect`, `key:Effect`, or a mapping of `key`, `value` and `effect`.
    fileprivate init?(inventory value: VariableValue) {
        if let mapping = value.mappingValue {
            guard let key = mapping["key"]?.stringValue,
                let effect = mapping["effect"]?.stringValue.flatMap(TaintEffect.init)
            else { return nil }
            self.init(key: key, value: mapping["value"]?.scalarText ?? "", effect: effect)
            return
        }
        guard let match = value.stringValue?.wholeMatch(of: /([^=:]+)(?:=([^:]*))?:(\w+)/) else { return nil }
        guard let effect = TaintEffect(rawValue: String(match.3)) else { return nil }
        self.init(key: String(match.1), value: match.2.map(String.init) ?? "", effect: effect)
    }
}
