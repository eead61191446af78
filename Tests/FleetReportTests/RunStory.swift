import FleetModel

@testable import FleetRun

/// A short run told in events: one wave of two nodes, one of which is set aside, one pod that moves twice.
enum RunStory {
    static let id: RunID = "r-20260102-140200-abcd"
    static let start = Instant(seconds: 1_767_362_520)

    static func pod(_ name: String) -> PodReference {
        PodReference(ObjectKey("shop", name), uid: ObjectUID("uid-\(name)"))
    }

    /// Events with seconds since the start.
    static let events: [(Double, RunEvent)] = beginning + firstNode + secondNode + end

    private static let beginning: [(Double, RunEvent)] = [
        (0, .runStarted(.init(planDigest: "3f9a12c4d5e6f7a8", playbook: "decommission", waves: [1], actor: actor))),
        (1, .preflightPassed(.init(hosts: 2))),
        (1, .waveStarted(.init(wave: 1, nodes: ["web-001", "web-002"], zones: ["a"]))),
        (1, .nodeStarted(.init(node: "web-001", wave: 1, zone: "a"))),
    ]

    private static let firstNode: [(Double, RunEvent)] = [
        (1, .stepStarted(.init(node: "web-001", index: 0, step: "cordon"))),
        (1, .operationIntended(.init(id: 1, node: "web-001", index: 0, key: "cordon", title: "cordon web-001"))),
        (1, .nodeWaiting(.init(node: "web-001", step: "cordon", reason: "SchedulingDisabled"))),
        (1.1, .operationFinished(.init(id: 1, result: OperationResult(isSuccess: true, code: "succeeded")))),
        (
            1.1,
            .stepFinished(.init(node: "web-001", index: 0, step: "cordon", changed: true, detail: "SchedulingDisabled"))
        ),
        (1.1, .stepStarted(.init(node: "web-001", index: 1, step: "drain"))),
        (1.1, request(2, "cart-1", on: "web-001", created: -3_600)),
        (1.2, answer(2, "cart-1", on: "web-001")),
        (1.2, .nodeWaiting(.init(node: "web-001", step: "drain", reason: blocked))),
        (21.2, .podLeft(.init(pod: pod("cart-1"), node: "web-001", workload: "Deployment shop/cart"))),
        (21.2, .stepFinished(.init(node: "web-001", index: 1, step: "drain", changed: true, detail: "1 pod evicted"))),
        (21.2, .nodeFinished(.init(node: "web-001"))),
    ]

    private static let secondNode: [(Double, RunEvent)] = [
        (22, .nodeStarted(.init(node: "web-002", wave: 1, zone: "a"))),
        (22, .stepStarted(.init(node: "web-002", index: 1, step: "drain"))),
        (22, request(3, "cart-2", on: "web-002", created: 15)),
        (22.1, answer(3, "cart-2", on: "web-002")),
        (22.1, request(4, "db-0", on: "web-002", created: -3_600)),
        (22.2, answer(4, "db-0", on: "web-002", refusal: "budgetExhausted")),
        (22.3, .operationIntended(.init(id: 5, node: "web-002", index: 1, key: "look", title: "look at web-002"))),
        (
            22.4,
            .operationFinished(
                .init(id: 5, result: OperationResult(isSuccess: false, code: "exited 3", message: "no such unit")))
        ),
        (
            23,
            .nodeQuarantined(.init(node: "web-002", step: "drain", reason: "not drained within 30m", owesCleanup: true))
        ),
    ]

    private static let end: [(Double, RunEvent)] = [
        (23, .waveFinished(.init(wave: 1, nodes: ["web-001", "web-002"], zones: ["a"]))),
        (24, .runFinished(.init(result: .quarantined, reason: "set aside: web-002"))),
    ]

    static let actor = RunEvent.Actor(user: "alice", machine: "bastion", version: "0.1.0")
    static let blocked = "PodDisruptionBudget shop/cart needs 3 healthy pods and has 3"

    private static func request(_ id: Int, _ name: String, on node: NodeName, created: Double) -> RunEvent {
        .evictionRequested(
            .init(
                id: id, pod: pod(name), node: node, budget: "PodDisruptionBudget shop/cart", workload: "uid-cart",
                readyBefore: 3, podCreatedAt: start + .seconds(created)
            )
        )
    }

    private static func answer(_ id: Int, _ name: String, on node: NodeName, refusal: String? = nil) -> RunEvent {
        .evictionAnswered(
            .init(
                id: id, pod: pod(name), node: node, isAccepted: refusal == nil, answer: refusal ?? "accepted",
                message: refusal == nil ? "" : "Cannot evict pod as it would violate the pod's disruption budget."
            )
        )
    }
}
