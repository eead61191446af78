import FleetModel

/// The shell texts that run on hosts: POSIX sh, coreutils, util-linux, and whatever firewall tools the host has.
///
/// Every text is complete, reads nothing from its standard input once started, and answers in `key=value` lines
/// (``NodeAnswer``). They are to be run as root.
public enum NodeScript {
    /// Says who the host is: machine id, system UUID, addresses, its kubelet's cluster CA, control plane or not; and
    /// what it is like.
    ///
    /// Changes nothing. Answers in the keys that ``NodeIdentity`` and ``GatheredFacts`` read; exits 0.
    public static let identity = assemble(
        [], [ScriptText.prelude, ScriptText.clusterAuthority, ScriptText.identity, FactsText.facts])

    /// Stops and disables the kubelet, and proves it by asking systemd afterwards.
    ///
    /// Answers `changed=kubelet` or `unchanged=kubelet`; exits 1 where it is still active.
    public static let stopKubelet = assemble([], [ScriptText.prelude, ScriptText.kubelet, ScriptText.stopKubelet])

    /// Counts established TCP connections to local ports, in every network namespace of the host.
    ///
    /// Answers `connections=TOTAL` and `connections_PORT=N` for each port; exits 0.
    public static func connections(ports: [UInt16]) -> String {
        let list = ports.map { String($0) }.joined(separator: " ")
        return assemble([("FLEET_PORTS", list)], [ScriptText.prelude, ScriptText.connections])
    }

    /// Takes Kubernetes and its network plugin off the host (procedures D11 and D12, safety rules 2, 3, 7, 8).
    ///
    /// Exits 0 when nothing is left to do, 1 when an item failed or (verifying) is still there, 3 when refused.
    /// ``CleanupReport`` reads the answer.
    public static func cleanup(_ options: CleanupOptions) -> String {
        assemble(
            options.variables,
            [
                ScriptText.prelude, ScriptText.host, ScriptText.clusterAuthority, ScriptText.kubelet, CleanupText.items,
                CleanupText.guards, CleanupText.mounts, CleanupText.host, CleanupText.plugins, CleanupText.rules,
                CleanupText.network,
                CleanupText.savedRules, CleanupText.main,
            ]
        )
    }

    /// Says that the host was reached again after its network rules were changed, so that they stay changed.
    ///
    /// Answers `confirmed=rules`, `confirmed=none` where nothing was pending, or `restored=rules` and exits 1 where
    /// the timer was faster and put the old rules back.
    public static func confirmNetwork(run: String) -> String {
        assemble([("FLEET_RUN", run)], [ScriptText.prelude, CleanupText.confirm])
    }

    static func assemble(_ variables: [(name: String, value: String)], _ parts: [String]) -> String {
        let assignments = variables.map { "\($0.name)=\(ShellWord.singleQuoted($0.value))" }
        return (assignments + parts).joined(separator: "\n") + "\n"
    }
}
