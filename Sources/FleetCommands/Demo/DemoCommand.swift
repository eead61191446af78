import ArgumentParser
import FleetKubernetes
import FleetModel
import FleetRun
import FleetSimulationServer
import Foundation

/// `fleet demo`: the main job, end to end, on a simulated cluster and sandboxed hosts.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Decommission 4 of 12 nodes in 3 waves, on a simulated cluster and sandboxed hosts.",
        discussion: """
            The cluster is simulated behind Kubernetes' own wire format; every node is also a sandboxed host behind a \
            real sshd on 127.0.0.0/8. Nothing outside the demo's folder is touched, and no process is left behind.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Where the demo's files go (default: a new temporary folder, removed at the end).", valueName: "path"))
    var directory: String?

    @OptionGroup(title: "Output") var outputOptions: OutputOptions

    func run() async throws {
        let output = Output(outputOptions)
        try await output.exiting {
            let folder = directory ?? NSTemporaryDirectory() + "fleet-demo-\(ProcessInfo.processInfo.processIdentifier)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { if directory == nil { try? FileManager.default.removeItem(atPath: folder) } }
            output.progress(
                "starting a simulated cluster of 12 nodes in 3 zones, and 12 sandboxed hosts behind a real sshd …")
            let world = try await DemoWorld.start(in: folder)
            do {
                let exit = try await Demo(world: world, output: output, options: outputOptions).play()
                await world.stop()
                return exit
            } catch {
                await world.stop()
                throw error
            }
        }
    }
}

/// The demo's course: three waves, each started as an operator would, and the proof.
struct Demo {
    let world: DemoWorld
    let output: Output
    let options: OutputOptions

    func play() async throws -> FleetExit {
        let targets = Self.targets(of: world.before)
        introduce(targets)
        let connection = try Kubeconfig(explicitPath: world.kubeconfig).connection()
        return try await KubernetesClient.withClient(connection: connection) { client in
            let headroom = HeadroomWatch()
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await headroom.follow(client) }
                group.addTask { await world.linkKubelets() }
                defer { group.cancelAll() }
                for wave in 1...3 {
                    let exit = try await run(wave: wave, targets)
                    guard exit == .done else { return exit }
                }
                return try await prove(targets, client, headroom)
            }
        }
    }

    /// Four nodes over all zones: those of the single replica and of the StatefulSet's first member among them.
    private static func targets(of cluster: ClusterSnapshot) -> [NodeName] {
        let homes = ["coupons", "ledger-0"].compactMap { name in
            cluster.pods.first { $0.key.name.hasPrefix(name) }?.nodeName
        }
        var targets = Set(homes)
        let zones = Dictionary(cluster.nodes.map { ($0.name, $0.zone) }, uniquingKeysWith: { first, _ in first })
        while targets.count < 4 {
            let taken = targets.compactMap { zones[$0] ?? nil }
            let next = cluster.nodes.filter { !targets.contains($0.name) }.min { left, right in
                let (l, r) = (taken.count { $0 == left.zone }, taken.count { $0 == right.zone })
                return (l, right.name) < (r, left.name)
            }
            guard let next else { break }
            targets.insert(next.name)
        }
        return targets.sorted()
    }

    private func introduce(_ targets: [NodeName]) {
        output.progress(
            """
            kubeconfig  \(world.kubeconfig)
            inventory   \(world.inventory)
            hosts       127.0.1.x, port \(world.hosts.port)

            """
        )
    }

    private func run(wave: Int, _ targets: [NodeName]) async throws -> FleetExit {
        output.progress(
            "\n$ fleet run decommission --wave \(wave)"
                + (wave == 1 ? " --limit \(targets.map(\.rawValue).joined(separator: ","))" : ""))
        var inventory = InventoryOptions()
        inventory.inventories = [world.inventory]
        inventory.limit = wave == 1 ? targets.map(\.rawValue).joined(separator: ",") : nil
        inventory.extraVars = []
        let source = PlanSource(
            playbook: world.playbook, planName: nil, inventory: inventory, cluster: clusterOptions, state: stateOptions,
            hosts: hostOptions
        )
        let selection = try WaveSelection(wave: wave, waves: nil, isOutOfOrder: false)
        return try await RunFlow(
            source: source, wishes: RunFlow.Wishes(selection: selection, isConfirmed: true), output: output
        ).run()
    }

    private func prove(
        _ targets: [NodeName], _ client: KubernetesClient, _ headroom: HeadroomWatch
    ) async throws -> FleetExit {
        output.progress("")
        let audit = await world.server.audit
        let proof = try await DemoProof.read(
            from: world, targets: targets, cluster: try await client.snapshot(), headroom: headroom,
            evictions: audit.evictions - audit.refusedEvictions, refused: audit.refusedEvictions
        )
        output.report(proof)
        return proof.holds ? .done : .failed
    }

    private var clusterOptions: ClusterOptions {
        var options = ClusterOptions()
        options.kubeconfig = world.kubeconfig
        options.context = nil
        return options
    }

    private var stateOptions: StateOptions {
        var options = StateOptions()
        options.state = world.state
        return options
    }

    private var hostOptions: HostOptions {
        var options = HostOptions()
        options.user = nil
        options.privateKey = nil
        options.knownHosts = nil
        // The demo's hosts are none of the operator's own.
        options.sshConfig = "none"
        options.asksPassword = false
        options.asksBecomePassword = false
        options.passwordFile = nil
        options.becomePasswordFile = nil
        options.passphraseFile = nil
        return options
    }
}
