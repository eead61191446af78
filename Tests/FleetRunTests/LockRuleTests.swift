import FleetModel
import Testing

@testable import FleetRun

/// Who may have the cluster's lock (safety rule 23).
struct LockRuleTests {
    private static func claim(
        _ run: RunID, _ stateFile: String, process: String = "other", place: String = "here"
    ) -> LockClaim {
        LockClaim(
            run: run, planDigest: "d1", stateFile: stateFile, user: "alice", machine: "bastion", process: process,
            place: place)
    }

    private static func held(
        _ run: RunID, _ stateFile: String, process: String = "other", place: String = "here"
    ) -> ClusterLock {
        let claim = claim(run, stateFile, process: process, place: place)
        return ClusterLock(holder: claim.holder, version: "7", annotations: claim.annotations)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var lock: ClusterLock?
        var takeOver: RunID?
        var unfinished: Set<RunID> = []
        var ended: Set<RunID> = []
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
            testDescription:
                "the same run, held by a process that may live: the state file was copied, or the machine restarted",
            lock: held("r-1", "mine", place: "elsewhere"), verdict: .takeWhenSilent),
        Row(
            testDescription: "the same run, held by a fleet that says of no process where it is",
            lock: held("r-1", "mine", process: "", place: ""), verdict: .takeWhenSilent),
        Row(
            testDescription: "its own already", lock: held("r-1", "mine", process: "this", place: ""), verdict: .take),
        Row(
            testDescription: "a run of a copied state file that is not known here",
            lock: held("r-0", "mine", place: "elsewhere"), verdict: .refused(.otherState)),
        Row(
            testDescription: "the same, taken over by name", lock: held("r-0", "mine", place: "elsewhere"),
            takeOver: "r-0", verdict: .takeWhenSilent),
        Row(
            testDescription: "a run that ended here, its lock left by a machine that was restarted",
            lock: held("r-0", "mine", place: "elsewhere"), ended: ["r-0"], verdict: .takeWhenSilent),
        Row(
            testDescription: "the run ended elsewhere, and the lock is free", lock: free(ended: "r-1"),
            takeOver: "r-1", verdict: .refused(.ended(end(of: "r-1")))),
        Row(testDescription: "another run ended", lock: free(ended: "r-0"), verdict: .take),
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

    private static func end(of run: RunID) -> EndedRun {
        EndedRun(run: run, result: "done", by: "bob@laptop of bob", at: Instant(seconds: 1_767_323_045))
    }

    private static func free(ended run: RunID) -> ClusterLock {
        ClusterLock(annotations: EndedRun.annotations(["example.com/note": "hello"], adding: end(of: run)))
    }

    @Test("the lock remembers the runs that ended last, each once, beside what others wrote")
    func ended() {
        var annotations = ["example.com/note": "hello"]
        for number in 1...40 {
            annotations = EndedRun.annotations(annotations, adding: Self.end(of: RunID("r-\(number)")))
        }
        annotations = EndedRun.annotations(annotations, adding: Self.end(of: "r-39"))
        let lock = ClusterLock(annotations: annotations)
        let expected = [39, 40] + (9...38).reversed()
        #expect(lock.ended == expected.map { Self.end(of: RunID("r-\($0)")) })
        #expect(annotations["example.com/note"] == "hello")
        #expect(ClusterLock(annotations: ["fleet.run/ended": "nonsense\nr-1 done x bob"]).ended.isEmpty)
    }

    @Test("who may have it", arguments: rows)
    func verdict(row: Row) {
        let rule = LockRule(
            claim: Self.claim("r-1", "mine", process: "this"), takeOver: row.takeOver, unfinished: row.unfinished,
            ended: row.ended)
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
