import FleetModel
import Testing

@testable import FleetRun

/// The stored form of every kind of fact, as it was shipped: a build that cannot read one of these breaks journals.
struct FrozenEventTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let kind: String
        let payload: String

        var testDescription: String { "\(kind) \(payload)" }
    }

    static let rows = [
        Row(
            kind: "run.started",
            payload:
                #"{"actor":{"machine":"bastion","user":"alice","version":"0.1.0"},"planDigest":"d1","playbook":"decommission","waves":[1,2]}"#
        ),
        Row(
            kind: "run.resumed",
            payload: #"{"actor":{"machine":"bastion","user":"alice","version":"0.1.0"},"inDoubt":[7]}"#),
        Row(
            kind: "run.started",
            payload:
                #"{"actor":{"machine":"bastion","user":"alice","version":"0.1.0"},"consent":{"allowed":["budget-override"],"approvals":["critical-pods"],"takeOver":"r-0"},"planDigest":"d1","playbook":"decommission","waves":[1]}"#
        ),
        Row(
            kind: "run.resumed",
            payload:
                #"{"actor":{"machine":"bastion","user":"alice","version":"0.1.0"},"consent":{"allowed":[],"approvals":[],"takesBack":true},"inDoubt":[]}"#
        ),
        Row(
            kind: "run.resumed",
            payload:
                #"{"actor":{"clusterUser":"oidc:alice","machine":"bastion","user":"alice","version":"0.1.0"},"inDoubt":[]}"#
        ),
        Row(
            kind: "run.handed_over",
            payload: #"{"actor":{"machine":"bastion","user":"alice","version":"0.1.0"},"stateFile":"3f2a9c01"}"#),
        Row(kind: "preflight.passed", payload: #"{"hosts":4}"#),
        Row(kind: "wave.started", payload: #"{"nodes":["web-01"],"wave":1,"zones":["eu-1a"]}"#),
        Row(kind: "wave.finished", payload: #"{"nodes":["web-01"],"wave":1,"zones":["eu-1a"]}"#),
        Row(kind: "soak.started", payload: #"{"seconds":120,"wave":1}"#),
        Row(kind: "node.started", payload: #"{"node":"web-01","wave":1,"zone":"eu-1a"}"#),
        Row(kind: "node.waiting", payload: #"{"node":"web-01","reason":"SchedulingDisabled","step":"cordon"}"#),
        Row(kind: "node.finished", payload: #"{"node":"web-01"}"#),
        Row(
            kind: "node.quarantined",
            payload: #"{"node":"web-01","owesCleanup":false,"reason":"not drained within 30m","step":"drain"}"#),
        Row(
            kind: "node.quarantined",
            payload:
                #"{"diagnosis":[{"code":"swap-on","evidence":["in use: /swap.img"],"likelihood":"certain","mend":"swapoff -a","message":"swap is on"}],"node":"web-01","owesCleanup":false,"reason":"waited 10m","step":"wait_ready"}"#
        ),
        Row(
            kind: "node.quarantined",
            payload:
                #"{"node":"web-01","nodeUID":"u9","owesCleanup":false,"reason":"not Ready in 10m","step":"wait_ready"}"#
        ),
        Row(kind: "node.rewound", payload: #"{"node":"web-01","steps":[2]}"#),
        Row(kind: "time.stopped", payload: #"{"node":"web-01","reason":"its window was closed","seconds":28800}"#),
        Row(kind: "time.stopped", payload: #"{"reason":"fleet did not run","seconds":61.5}"#),
        Row(kind: "node.returned", payload: #"{"isUncordoned":true,"node":"web-01"}"#),
        Row(kind: "identity.proved", payload: #"{"isClusterCA":true,"node":"web-01","proof":"machine-id"}"#),
        Row(kind: "identity.proved", payload: #"{"node":"web-01","proof":""}"#),
        Row(kind: "step.started", payload: #"{"index":0,"node":"web-01","step":"cordon"}"#),
        Row(
            kind: "step.finished",
            payload: #"{"changed":true,"detail":"SchedulingDisabled","index":0,"node":"web-01","step":"cordon"}"#),
        Row(
            kind: "step.finished",
            payload:
                #"{"changed":true,"detail":"registered","index":0,"node":"web-01","nodeUID":"u9","step":"join"}"#),
        Row(
            kind: "step.retried",
            payload:
                #"{"attempt":2,"attempts":3,"index":0,"node":"web-01","reason":"mirror is busy","seconds":10,"step":"packages"}"#
        ),
        Row(
            kind: "operation.intended",
            payload: #"{"id":3,"index":0,"key":"cordon","node":"web-01","title":"cordon web-01"}"#),
        Row(
            kind: "operation.finished",
            payload: #"{"id":3,"result":{"code":"succeeded","isSuccess":true,"message":"","output":""}}"#),
        Row(
            kind: "eviction.requested",
            payload:
                #"{"budget":"PodDisruptionBudget shop/cart","id":9,"node":"web-01","pod":{"key":{"name":"cart-1","namespace":"shop"},"uid":"u1"},"podCreatedAt":{"microseconds":1000000},"readyBefore":3,"workload":"u2"}"#
        ),
        Row(
            kind: "budget.passed",
            payload:
                #"{"reason":"PodDisruptionBudget shop/cart needs 3 healthy pods and has 3","request":{"budget":"PodDisruptionBudget shop/cart","id":9,"node":"web-01","pod":{"key":{"name":"cart-1","namespace":"shop"},"uid":"u1"},"readyBefore":3,"workload":"u2"},"waitedSeconds":1800}"#
        ),
        Row(
            kind: "eviction.answered",
            payload:
                #"{"answer":"accepted","id":9,"isAccepted":true,"message":"","node":"web-01","pod":{"key":{"name":"cart-1","namespace":"shop"},"uid":"u1"}}"#
        ),
        Row(
            kind: "pod.left",
            payload:
                #"{"node":"web-01","pod":{"key":{"name":"cart-1","namespace":"shop"},"uid":"u1"},"workload":"Deployment shop/cart"}"#
        ),
        Row(
            kind: "compensation.owed",
            payload:
                #"{"compensation":{"id":"replicas Deployment shop/cart","key":{"name":"cart","namespace":"shop"},"kind":"replicas","node":"web-01","previous":1,"temporary":2,"uid":"u2","workloadKind":"Deployment"}}"#
        ),
        Row(
            kind: "compensation.owed",
            payload:
                #"{"compensation":{"id":"label a/b of web-01","key":{"name":"web-01","namespace":""},"kind":"nodeLabel","label":"a/b","node":"web-01","previous":0,"previousLabel":"x","temporary":0,"temporaryLabel":"","uid":"u3"}}"#
        ),
        Row(
            kind: "compensation.owed",
            payload:
                #"{"compensation":{"id":"PodDisruptionBudget shop/web for web-01","key":{"name":"web","namespace":"shop"},"kind":"budget","node":"web-01","previous":0,"previousLabel":"minAvailable 3","temporary":0,"temporaryLabel":"maxUnavailable 1","uid":"u5"}}"#
        ),
        Row(kind: "compensation.settled", payload: #"{"detail":"restored","id":"replicas Deployment shop/cart"}"#),
        Row(
            kind: "operation.intended",
            payload:
                #"{"changes":[{"after":"true","before":"false","field":"spec.unschedulable","object":"Node web-01"}],"id":3,"index":0,"key":"cordon","node":"web-01","title":"cordon web-01"}"#
        ),
        Row(
            kind: "health.baseline",
            payload: #"{"readings":[{"check":"ready_nodes","notes":["web-09"],"values":{"eu-1a":3}}]}"#),
        Row(
            kind: "health.baseline",
            payload: #"{"acceptedAfter":2,"readings":[{"check":"api","problem":"exited 1","values":{}}]}"#),
        Row(
            kind: "health.checked",
            payload:
                #"{"isHealthy":false,"problems":["pending_pods: 3 pods are Pending"],"readings":[{"check":"pending_pods","values":{"pods":3}}],"wave":2}"#
        ),
        Row(kind: "run.blocked", payload: #"{"reason":"wave 1 cannot start a node"}"#),
        Row(kind: "window.opened", payload: #"{"until":{"microseconds":1000000}}"#),
        Row(kind: "window.closed", payload: #"{"reason":"the window ends in 3m","until":{"microseconds":1000000}}"#),
        Row(kind: "stop.requested", payload: #"{"by":"SIGINT"}"#),
        Row(kind: "stop.requested", payload: #"{"by":"fleet abort of alice@bastion","kind":"abort"}"#),
        Row(kind: "run.finished", payload: #"{"reason":"","result":"done"}"#),
        Row(kind: "run.finished", payload: #"{"reason":"by alice","result":"rolled-back"}"#),
    ]

    @Test("what was written is read, and written again as it was", arguments: rows)
    func roundTrip(row: Row) throws {
        let stored = JournalRecord(
            sequence: 1, kind: row.kind, version: 1, time: Instant(seconds: 1), payload: Array(row.payload.utf8))
        let event = try RunEvent(stored)
        #expect(event.kind == row.kind)
        let again = try event.record(sequence: 1, at: Instant(seconds: 1))
        #expect(String(decoding: again.payload, as: UTF8.self) == row.payload)
    }

    @Test("a record of a later version is refused with what to do")
    func newer() throws {
        let stored = JournalRecord(sequence: 1, kind: "node.finished", version: 2, time: .epoch, payload: [])
        let error = #expect(throws: RunEvent.UnreadableRecord.self) { try RunEvent(stored) }
        #expect(
            error?.description
                == "record \"node.finished\" version 2: written by a newer fleet; use that version to read it")
        let unknown = JournalRecord(sequence: 1, kind: "node.painted", version: 1, time: .epoch, payload: [])
        #expect(
            #expect(throws: RunEvent.UnreadableRecord.self) { try RunEvent(unknown) }?.description
                == "record \"node.painted\" version 1: written by a newer fleet; use that version to read it")
        // The last that took the run up wrote what follows.
        let actor = RunEvent.Actor(user: "alice", machine: "bastion", version: "7.1.0")
        let resumed = try RunEvent.runResumed(.init(actor: actor, inDoubt: [])).record(sequence: 1, at: .epoch)
        #expect(
            #expect(throws: RunEvent.UnreadableRecord.self) { try RunEvent.events(of: [resumed, unknown]) }?.description
                == "record \"node.painted\" version 1: written by fleet 7.1.0; use that version to read it")
        #expect(try RunEvent.events(of: [resumed]).map(\.event.kind) == ["run.resumed"])
    }
}
