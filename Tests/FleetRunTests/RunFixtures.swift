import FleetExpressions
import FleetModel
import FleetPlanning

@testable import FleetRun

/// Builders of small clusters and orders.
enum Fixture {
    static let place = SourceLocation(file: "playbook.yaml")

    static func node(_ name: NodeName, zone: String = "a", cordoned: Bool = false, ready: Bool = true) -> Node {
        Node(
            name: name, uid: ObjectUID("uid-\(name)"), labels: ["topology.kubernetes.io/zone": zone],
            isCordoned: cordoned, readiness: ready ? .ready : .notReady, machineID: "machine-\(name)"
        )
    }

    static func pod(
        _ name: String, on node: NodeName?, of owner: Workload? = nil, ready: Bool = true, phase: Pod.Phase = .running,
        labels: [String: String] = ["app": "web"]
    ) -> Pod {
        Pod(
            key: ObjectKey("shop", name), uid: ObjectUID("uid-\(name)"), labels: labels,
            controller: owner.map {
                ControllerReference(
                    apiVersion: "apps/v1", kind: $0.reference.kind.rawValue, name: $0.reference.key.name,
                    uid: $0.reference.uid
                )
            },
            nodeName: node, phase: phase, isReady: ready
        )
    }

    static func replicaSet(_ name: String, replicas: Int, deployment: Workload? = nil) -> Workload {
        Workload(
            reference: WorkloadReference(
                kind: .replicaSet, key: ObjectKey("shop", name), uid: ObjectUID("uid-rs-\(name)")),
            controller: deployment.map {
                ControllerReference(
                    apiVersion: "apps/v1", kind: "Deployment", name: $0.reference.key.name, uid: $0.reference.uid
                )
            },
            replicas: replicas
        )
    }

    static func deployment(_ name: String, replicas: Int) -> Workload {
        Workload(
            reference: WorkloadReference(
                kind: .deployment, key: ObjectKey("shop", name), uid: ObjectUID("uid-dep-\(name)")),
            replicas: replicas, readyReplicas: replicas
        )
    }

    static func budget(_ name: String, allowed: Int, healthy: Int = 3, desired: Int = 2, generation: Int64 = 1)
        -> PodDisruptionBudget
    {
        PodDisruptionBudget(
            key: ObjectKey("shop", name), uid: ObjectUID("uid-pdb-\(name)"),
            selector: LabelSelector(matchLabels: ["app": "web"]), generation: generation, observedGeneration: 1,
            disruptionsAllowed: allowed, currentHealthy: healthy, desiredHealthy: desired, expectedPods: 3
        )
    }

    static func target(_ name: NodeName, zone: String = "a") -> PlanTarget {
        PlanTarget(
            host: name.rawValue, node: name, nodeUID: ObjectUID("uid-\(name)"), machineID: "machine-\(name)",
            zone: Zone(zone)
        )
    }

    /// Decodes steps from `kind: value` pairs.
    static func steps(_ kinds: [(String, LocatedValue)]) throws -> [PlannedStep] {
        try StepCatalogue.decode(
            kinds.map { kind, arguments in
                PlaybookStep(kind: kind, kindLocation: place, arguments: arguments, location: place)
            }
        )
    }

    static func mapping(_ entries: [(String, VariableValue)]) -> LocatedValue {
        LocatedValue(
            .mapping(
                LocatedMapping(
                    entries.map { key, value in
                        let scalar = LocatedScalar(text: value.scalarText ?? "", value: value, textLocation: place)
                        return LocatedMapping.Entry(
                            key: key, keyLocation: place, value: LocatedValue(.scalar(scalar), at: place)
                        )
                    }
                )
            ),
            at: place
        )
    }

    static func order(
        waves: [[PlanTarget]], steps: [PlannedStep], policy: WavePolicy = WavePolicy(soak: .zero),
        evictions: EvictionPolicy = EvictionPolicy()
    ) -> RunOrder {
        let planned = waves.enumerated().map { PlannedWave(number: $0.offset + 1, targets: $0.element) }
        return RunOrder(
            waves: planned, steps: steps, policy: policy,
            settings: RunSettings(
                id: "r-test", actor: RunEvent.Actor(user: "ops", machine: "laptop", version: "test"),
                retiring: Set(waves.flatMap { $0 }.map(\.node)), evictions: evictions
            ),
            planDigest: "digest", playbook: "decommission"
        )
    }
}

extension RunMachine {
    /// Answers every question who a host is, as the planned machine would, and returns what follows.
    mutating func proveHosts(askedIn reaction: Reaction, at time: Instant) -> Reaction {
        var result = reaction
        for case .perform(let id, let node?, .host(let command)) in reaction.directives
        where command.script == NodeScript.identity {
            let machine = state.nodes[node]?.target.machineID ?? ""
            let answer = "hostname=\(node)\nmachine_id=\(machine)\n"
            result = handle(
                .completed(id: id, .host(HostReport(outcome: .exited(0), standardOutput: answer))), at: time)
        }
        return result
    }
}

extension Reaction {
    /// The API requests that were asked for.
    var requests: [ClusterRequest] {
        directives.compactMap {
            if case .perform(_, _, .cluster(let request)) = $0 { request } else { nil }
        }
    }

    /// The commands that were asked for on hosts.
    var hostCommands: [HostCommand] {
        directives.compactMap { if case .perform(_, _, .host(let command)) = $0 { command } else { nil } }
    }

    /// The ids of what was asked for.
    var ids: [Int] { directives.compactMap { if case .perform(let id, _, _) = $0 { id } else { nil } } }

    /// How the run ended, when it did.
    var finished: RunResult? {
        directives.compactMap { if case .finish(let result) = $0 { result } else { nil } }.first
    }

    /// The kinds of the facts.
    var kinds: [String] { events.map(\.kind) }
}
