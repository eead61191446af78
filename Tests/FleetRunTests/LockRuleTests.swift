import FleetModel
import Testing

@testable import FleetRun

/// Who may have the cluster's lock (safety rule 23).
struct LockRuleTests {
    private static func claim(_ run: RunID, _ stateFile: String) -> LockClaim {
        LockClaim(run: run, planDigest: "d1", stateFile: stateFile, user: "alice", machine: "bastion")
    }

    private static func held(_ run: RunID, _ stateFile: String) -> ClusterLock {
        let claim = claim(run, stateFile)
        return ClusterLock(holder: claim.holder, version: "7", annotations: claim.annotations)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var lock: ClusterLock?
        var takeOver: RunID?
        var unfinished: Set<RunID> = []
        var verdict: LockRule.Verdict
    }

    static let rows = [
        Row(testDescription: "there is no Lease", lock: nil, verdict: .take),
        Row(
            testDescription: "released, whatever it still carries",
            lock: ClusterLock(holder: "", annotations: claim("r-0", "theirs").annotations), verdict: .take),
        Row(
            testDescription: "the same run of the same state file, after a crash", lock: held("r-1", "mine"),
            verdict: .take),
        Row(
            testDescription: "another unfinished run of the same state file", lock: held("r-0", "mine"),
            unfinished: ["r-0"], verdict: .refused(.sameState)),
        Row(
            testDescription: "a run of the same state file that ended or never began, its lock left by a crash",
            lock: held("r-0", "mine"), unfinished: ["r-9"], verdict: .take),
        Row(
            testDescription: "what is unfinished here says nothing about another state file's",
            lock: held("r-0", "theirs"), verdict: .refused(.otherState)),
        Row(
            testDescription: "the same run, imported into another state file", lock: held("r-1", "theirs"),
            verdict: .refused(.otherState)),
        Row(
            testDescription: "taken over by name, once it is silent", lock: held("r-0", "theirs"), takeOver: "r-0",
            verdict: .takeWhenSilent),
        Row(
            testDescription: "another run than the one named", lock: held("r-0", "theirs"), takeOver: "r-9",
            verdict: .refused(.otherState)),
        Row(
            testDescription: "no fleet", lock: ClusterLock(holder: "kube-scheduler"), takeOver: "r-0",
            verdict: .refused(.foreign)),
    ]

    @Test("who may have it", arguments: rows)
    func verdict(row: Row) {
        let rule = LockRule(claim: Self.claim("r-1", "mine"), takeOver: row.takeOver, unfinished: row.unfinished)
        #expect(rule.verdict(on: row.lock) == row.verdict)
    }

    @Test("a claim survives the Lease")
    func annotations() {
        let claim = Self.claim("r-1", "3f2a9c01aa")
        #expect(LockClaim(annotations: claim.annotations) == claim)
        #expect(claim.holder == "alice@bastion_3f2a9c01")
        #expect(LockClaim(annotations: ["fleet.run/run": "r-1"]) == nil)
        #expect(Set(claim.annotations.keys) == LockClaim.keys)
    }
}
