/// A host's variables as Ansible merges them: its groups' values under its own.
///
/// Hosts of the same groups share one copy of the groups' part, so that 5,000 hosts with a Kubespray inventory's 300
/// variables stay small.
public struct HostVariables: Hashable, Sendable {
    /// Merged from `all` and the host's groups, least important first.
    public var inherited: VariableMapping
    /// Set on the host itself; they win.
    public var own: VariableMapping

    /// Joins both layers.
    public init(inherited: VariableMapping = [:], own: VariableMapping = [:]) {
        self.inherited = inherited
        self.own = own
    }

    /// The value that holds for the host.
    public subscript(name: String) -> VariableValue? { own[name] ?? inherited[name] }

    /// Every variable that holds for the host.
    public var merged: VariableMapping { inherited.overlaid(by: own) }
}
