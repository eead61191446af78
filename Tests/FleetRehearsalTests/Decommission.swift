import FleetExpressions
import FleetModel
import FleetPlanning
import FleetRun
import FleetSimulation

@testable import FleetRehearsal

/// Orders that decommission nodes of a simulated cluster.
enum Decommission {
    static let authority = "aa11"
    static let script = "curl -fsS https://assets.example/retired"
    private static let place = SourceLocation(file: "decommission.yaml")

    /// The decommission's steps as shipped: drain, delete, clean up, tell the asset database.
    static func steps(repeatable: Bool = false) throws -> [PlannedStep] {
        try StepCatalogue.decode([
            step("cordon"), step("surge_single_replicas"), step("exclude_from_load_balancers"),
            PlaybookStep(
                kind: "wait_for_connections", kindLocation: place,
                arguments: mapping([("ports", LocatedValue(.sequence([scalar(.int(443))]), at: place))]),
                location: place),
            step("drain", [("delete_emptydir_data", .bool(true))]), step("verify_drained"),
            step("wait_volumes_detached"),
            step("service", [("name", .string("kubelet")), ("state", .string("stopped")), ("enabled", .bool(false))]),
            step("delete_node"), step("cleanup"), step("verify_gone"),
            step("run", [("script", .string(script)), ("repeatable", .bool(repeatable))]),
        ])
    }

    /// Drained, worked on and given back.
    static func maintenance() throws -> [PlannedStep] {
        try StepCatalogue.decode([
            step("cordon"), step("drain", [("delete_emptydir_data", .bool(true))]), step("verify_drained"),
            step("run", [("script", .string("uptime")), ("repeatable", .bool(true))]), step("uncordon"),
        ])
    }

    /// Drained of everything that may go, bare pods too, worked on and given back.
    static func roundTrip() throws -> [PlannedStep] {
        try StepCatalogue.decode([
            step("cordon"), step("surge_single_replicas"),
            step("drain", [("delete_emptydir_data", .bool(true)), ("delete_bare_pods", .bool(true))]),
            step("verify_drained"), step("run", [("script", .string("uptime")), ("repeatable", .bool(true))]),
            step("uncordon"),
        ])
    }

    /// Everything that is changed for a time or done on a host, and given back: budgets, labels, replicas, a reboot.
    static func overhaul(budget: String) throws -> [PlannedStep] {
        try StepCatalogue.decode([
            step("cordon"), step("surge_single_replicas"), step("exclude_from_load_balancers"),
            step("adjust_budget", [("budgets", .string(budget))]),
            step("drain", [("delete_emptydir_data", .bool(true))]), step("verify_drained"),
            step("run", [("script", .string("uptime")), ("repeatable", .bool(true))]), step("reboot"),
            step("wait_ready"), step("uncordon"),
        ])
    }

    /// An order for nodes of a cluster, wave by wave.
    static func order(
        _ waves: [[NodeName]], in snapshot: ClusterSnapshot, policy: WavePolicy, steps: [PlannedStep]? = nil,
        evictions: EvictionPolicy = EvictionPolicy()
    ) throws -> RunOrder {
        let nodes = Dictionary(snapshot.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let planned = waves.enumerated().map { number, names in
            PlannedWave(number: number + 1, targets: names.compactMap { nodes[$0] }.map(target))
        }
        let targets = planned.flatMap(\.targets)
        return RunOrder(
            waves: planned, steps: try steps ?? self.steps(), policy: policy,
            settings: RunSettings(
                id: "r-rehearsed", actor: RunEvent.Actor(user: "ops", machine: "laptop", version: "test"),
                retiring: Set(targets.map(\.node)), evictions: evictions, clusterAuthority: authority),
            soon: targets, planDigest: "digest", playbook: "decommission")
    }

    private static func target(_ node: Node) -> PlanTarget {
        PlanTarget(
            host: node.name.rawValue, node: node.name, nodeUID: node.uid, machineID: node.machineID,
            internalAddresses: node.internalAddresses, zone: node.zone, wasCordoned: node.isCordoned)
    }

    private static func step(_ kind: String, _ arguments: [(String, VariableValue)] = []) -> PlaybookStep {
        PlaybookStep(
            kind: kind, kindLocation: place,
            arguments: arguments.isEmpty ? .null(at: place) : mapping(arguments.map { ($0, scalar($1)) }),
            location: place)
    }

    private static func scalar(_ value: VariableValue) -> LocatedValue {
        LocatedValue(.scalar(LocatedScalar(text: value.scalarText ?? "", value: value, textLocation: place)), at: place)
    }

    private static func mapping(_ entries: [(String, LocatedValue)]) -> LocatedValue {
        let entries = entries.map { LocatedMapping.Entry(key: $0, keyLocation: place, value: $1) }
        return LocatedValue(.mapping(LocatedMapping(entries)), at: place)
    }
}

extension Rehearsal {
    /// Accepted and refused evictions.
    var evictions: (accepted: [PodReference], refused: Int) {
        var accepted: [PodReference] = []
        var refused = 0
        for deed in deeds {
            guard case .cluster(.evict(let pod, _)) = deed.operation else { continue }
            if deed.answer.result.isSuccess { accepted.append(pod) } else { refused += 1 }
        }
        return (accepted, refused)
    }
}
