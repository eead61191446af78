public import FleetModel

/// The variables that an expression can see, in layers: a later layer hides earlier ones, and `--extra-vars` hide all.
public struct VariableScope: Sendable {
    private struct Layer: Sendable {
        var variables: VariableMapping
        var holdsTemplates: Bool
    }

    private var layers: [Layer] = []
    private var extra: Layer?

    /// No variables.
    public init() {}

    /// One layer whose strings may hold templates.
    public init(_ variables: VariableMapping) { add(variables) }

    /// What a host's templates see: its zone and pool, its inventory variables, `inventory_hostname`, `inventory_hostname_short`,
    /// `group_names` and `kubernetes_node`, then the playbook's variables, then `--extra-vars`.
    public init(host: Host, playbook: VariableMapping = [:], extra: VariableMapping = [:]) {
        var own: VariableMapping = ["kubernetes_node": .string(host.node.rawValue)]
        own["zone"] = host.zone.map { .string($0.rawValue) }
        own["pool"] = host.pool.map { .string($0.rawValue) }
        addLiteral(own)
        add(host.variables.inherited)
        add(host.variables.own)
        addLiteral([
            "inventory_hostname": .string(host.name.rawValue),
            "inventory_hostname_short": .string(String(host.name.rawValue.prefix { $0 != "." })),
            "group_names": .list(host.groups.map { .string($0) }),
        ])
        add(playbook)
        if !extra.isEmpty { self.extra = Layer(variables: extra, holdsTemplates: true) }
    }

    /// Lays variables over the present ones; `{{ }}` in their strings is resolved when they are used.
    public mutating func add(_ variables: VariableMapping) {
        if !variables.isEmpty { layers.append(Layer(variables: variables, holdsTemplates: true)) }
    }

    /// Lays variables over the present ones whose strings are taken as they are: facts of hosts and of the cluster,
    /// which nobody may smuggle a template into.
    public mutating func addLiteral(_ variables: VariableMapping) {
        if !variables.isEmpty { layers.append(Layer(variables: variables, holdsTemplates: false)) }
    }

    /// Every visible name.
    public var names: Set<String> { Set(visible.flatMap(\.variables.names)) }

    private var visible: [Layer] { layers + (extra.map { [$0] } ?? []) }

    /// The value of a variable with its templates worked out; nil when there is none of the name.
    public func value(of name: String) throws(Diagnostic) -> VariableValue? {
        guard let (value, holdsTemplates) = lookUp(name) else { return nil }
        guard holdsTemplates else { return value }
        do {
            return try Evaluator(scope: self, depth: 1).resolved(
                value, of: name, usedAt: SourceLocation(file: "variable \(name)"))
        } catch {
            throw error.diagnostic
        }
    }

    func lookUp(_ name: String) -> (value: VariableValue, holdsTemplates: Bool)? {
        for layer in visible.reversed() {
            if let value = layer.variables[name] { return (value, layer.holdsTemplates) }
        }
        return nil
    }
}
