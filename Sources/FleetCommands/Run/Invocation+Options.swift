import FleetFiles
import FleetModel
import FleetRun
import Foundation

extension PlanSource {
    /// What a later `fleet resume` has to know of the options: paths made absolute, defaults worked out.
    func invocation() throws -> RunEvent.Invocation {
        let defaults = try Defaults.load()
        let hosts = try hosts.withDefaults()
        let inventories = inventory.inventories.isEmpty ? defaults.inventories : inventory.inventories
        // Several files in KUBECONFIG are merged, which no option can say: they are the environment's to say again.
        let environment = ProcessInfo.processInfo.environment["KUBECONFIG"].flatMap {
            $0.isEmpty || $0.contains(":") ? nil : $0
        }
        var begun = RunEvent.Invocation(
            playbook: Paths.absolute(try Paths.playbook(playbook)), inventories: inventories.map(Paths.absolute),
            extraVariables: inventory.extraVars.map { String($0.prefix { $0 != "=" }) })
        begun.kubeconfig = (cluster.kubeconfig ?? defaults.kubeconfig ?? environment).map(Paths.absolute)
        begun.context = cluster.context ?? (cluster.kubeconfig == nil ? defaults.context : nil)
        begun.user = hosts.user
        begun.privateKey = hosts.privateKey.map(Paths.absolute)
        begun.knownHosts = hosts.knownHosts.map(Paths.absolute)
        begun.sshConfig = hosts.sshConfig.map { $0 == "none" ? $0 : Paths.absolute($0) }
        return begun
    }

    /// Takes from a run's beginning what is not said now; throws a `UsageError` that names the extra variables missing.
    mutating func complete(
        with begun: RunEvent.Invocation, of run: RunID, isPlaybookGiven: Bool
    ) throws {
        let given = Set(inventory.extraVars.map { String($0.prefix { $0 != "=" }) })
        let missing = begun.extraVariables.filter { !given.contains($0) }
        guard missing.isEmpty else {
            throw UsageError(
                "run \(run) was begun with the extra variables \(begun.extraVariables.joined(separator: ", ")), whose values are not kept",
                hint: "give them again: \(missing.map { "-e \($0)=…" }.joined(separator: " "))")
        }
        if !isPlaybookGiven { playbook = begun.playbook }
        if inventory.inventories.isEmpty { inventory.inventories = begun.inventories }
        cluster.complete(with: begun)
        hosts.user = hosts.user ?? begun.user
        hosts.privateKey = hosts.privateKey ?? begun.privateKey
        hosts.knownHosts = hosts.knownHosts ?? begun.knownHosts
        hosts.sshConfig = hosts.sshConfig ?? begun.sshConfig
    }
}

extension ClusterOptions {
    /// Takes the run's cluster where none is said now; a context belongs to the kubeconfig it was said with.
    mutating func complete(with begun: RunEvent.Invocation) {
        guard kubeconfig == nil else { return }
        kubeconfig = begun.kubeconfig
        context = context ?? begun.context
    }
}

extension Paths {
    /// A path that means the same in every working directory.
    static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: expanded(path)).standardizedFileURL.path
    }
}
