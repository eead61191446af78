import FleetModel
import FleetSimulation
import FleetWire
import Foundation
import Testing

/// `fleet snapshot`, `plan --snapshot` and `rehearse`, as an operator types them.
@Suite(.serialized) struct RehearseCommandTests {
    private static let playbook = """
        name: retire
        hosts: kube_node
        require_limit: true
        waves: {canary: 1, size: 2, max_unavailable: 50%, max_unavailable_per_zone: 2, soak: 30s}
        steps:
          - cordon:
          - surge_single_replicas:
          - drain: {delete_emptydir_data: true}
          - verify_drained:
          - delete_node:

        """

    @Test("a snapshot of a live cluster is planned and rehearsed without it, and says nothing that is secret")
    func snapshotThenRehearse() async throws {
        var cluster = DemoCluster.snapshot()
        for index in cluster.pods.indices { cluster.pods[index].annotations["example.com/password"] = "hunter2" }
        let (folder, live): (TemporaryFolder, String) = try await SimulatedWorld.capture(cluster)
        defer { folder.remove() }
        let fleet = FleetBinary(directory: folder.path)
        let text = try String(contentsOfFile: live, encoding: .utf8)
        #expect(!text.contains("hunter2") && !text.contains("secret-token-of-the-test"))

        let playbook = try folder.write(Self.playbook, to: "retire.yaml")
        let plan = try await fleet.run("plan", playbook, "--snapshot", live, "-l", "web-02,web-06,web-07", "--pods")
        #expect(plan.status == 0, "\(plan.error)")
        #expect(plan.output.contains("can run: 0 blockers") && plan.output.contains("Deployment cart"))
        let named = try await fleet.run(
            "plan", playbook, "--snapshot", live, "-l", "web-02,web-06,web-07", "--pods", "-v")
        for pod in cluster.pods where ["web-02", "web-06", "web-07"].contains(pod.nodeName) {
            let line = "  \(pod.key.name) on \(pod.nodeName ?? "")\n"
            #expect(named.output.contains(line) && !plan.output.contains(line), "\(line)")
        }

        let page = "\(folder.path)/page.html"
        let arguments = [
            "rehearse", playbook, "--snapshot", live, "-l", "web-02,web-06,web-07", "--pod-start", "30s", "--html",
            page,
        ]
        let first = try await fleet.run(list: arguments)
        #expect(first.status == 0, "\(first.error)\(first.output)")
        #expect(first.output.contains("done after ") && first.output.contains("0 refused"))
        #expect(first.output.contains("wave 1 begins: web-"))
        let again = try await fleet.run(list: arguments)
        #expect(again.output == first.output)
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains("web-06") && html.contains("shop/cart"))

        let json = try await fleet.run(list: arguments + ["--output", "json", "--fault", "node-down:web-02@10s"])
        #expect(json.status == 1, "\(json.error)")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(document["schema"] as? String == "fleet.rehearsal/v1")
        #expect(document["result"] as? String == "failed")
    }

    @Test("a playbook's windows are waited for: nothing begins outside them")
    func windows() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var cluster = DemoCluster.snapshot()
        cluster.takenAt = Instant(seconds: 1_767_225_600)  // Midnight, UTC.
        var bytes: [UInt8] = []
        SnapshotDocument(cluster).write { bytes += $0 }
        let file = try folder.write(String(decoding: bytes, as: UTF8.self), to: "demo.json")
        let window = "window: {from: \"01:00\", to: \"01:10\", time_zone: UTC}\n"
        let playbook = try folder.write(window + Self.playbook, to: "retire.yaml")
        let result = try await FleetBinary(directory: folder.path).run(
            "rehearse", playbook, "--snapshot", file, "-l", "web-02,web-06,web-07", "--pod-start", "6m", "--output",
            "json")
        #expect(result.status == 0, "\(result.error)\(result.output)")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let begun = try #require(document["waves"] as? [[String: Any]]).compactMap { $0["from"] as? Double }
        #expect(begun.count > 1)
        for seconds in begun {
            #expect((3600..<4200).contains(seconds.truncatingRemainder(dividingBy: 86_400)), "\(begun)")
        }
        #expect(result.output.contains("the window opens") && document["result"] as? String == "done")
    }

    @Test(
        "a fault of a Node or Pod that is not there is refused, with what is known",
        arguments: [
            ("node-down:web-99@10s", "has no Node \"web-99\""),
            ("pod-unready:shop/nobody@10s+1m", "has no Pod \"shop/nobody\""),
        ])
    func unknownFault(fault: String, words: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var bytes: [UInt8] = []
        SnapshotDocument(DemoCluster.snapshot()).write { bytes += $0 }
        let file = try folder.write(String(decoding: bytes, as: UTF8.self), to: "demo.json")
        let playbook = try folder.write(Self.playbook, to: "retire.yaml")
        let result = try await FleetBinary(directory: folder.path).run(
            "rehearse", playbook, "--snapshot", file, "-l", "web-02", "--fault", fault)
        #expect(result.status == 64, "\(result.output)")
        #expect(result.error.contains(words) && result.error.contains("known: "), "\(result.error)")
    }

    @Test("a List without workloads is played, and said to lack them")
    func noWorkloads() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var cluster = DemoCluster.snapshot()
        cluster.workloads = []
        var bytes: [UInt8] = []
        SnapshotDocument(cluster).write { bytes += $0 }
        let file = try folder.write(String(decoding: bytes, as: UTF8.self), to: "demo.json")
        let playbook = try folder.write(Self.playbook, to: "retire.yaml")
        let result = try await FleetBinary(directory: folder.path).run(
            "rehearse", playbook, "--snapshot", file, "-l", "web-02")
        #expect(result.error.contains("no workloads in the snapshot: "), "\(result.error)")
        #expect(result.output.contains("wave 1 begins: web-02"), "\(result.output)")
    }

    @Test("pods that ask for more than anything can be are planned and rehearsed like others")
    func immensePods() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var cluster = DemoCluster.snapshot()
        let immense = Resources(milliCPU: .max, memory: .max, ephemeralStorage: .max, extended: ["example.com/x": .max])
        for index in cluster.pods.indices where cluster.pods[index].key.namespace == "shop" {
            (cluster.pods[index].requests, cluster.pods[index].limits) = (immense, immense)
            cluster.pods[index].gracePeriodSeconds = .max
            cluster.pods[index].constraints.tolerations.append(
                Toleration(key: "node.kubernetes.io/not-ready", exists: true, effect: .noExecute, seconds: .max))
        }
        var bytes: [UInt8] = []
        SnapshotDocument(cluster).write { bytes += $0 }
        let file = try folder.write(String(decoding: bytes, as: UTF8.self), to: "demo.json")
        let playbook = try folder.write(Self.playbook, to: "retire.yaml")
        let fleet = FleetBinary(directory: folder.path)
        let plan = try await fleet.run("plan", playbook, "--snapshot", file, "-l", "web-02,web-06")
        #expect([0, 1].contains(plan.status), "\(plan.status) \(plan.error)\(plan.output)")
        let run = try await fleet.run(
            "rehearse", playbook, "--snapshot", file, "-l", "web-02,web-06", "--fault", "node-down:web-06@10s")
        #expect([0, 1, 2, 75].contains(run.status), "\(run.status) \(run.error)\(run.output)")
    }

    @Test("slower pods make a longer run, and nothing else differs")
    func speeds() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let fleet = FleetBinary(directory: folder.path)
        var bytes: [UInt8] = []
        SnapshotDocument(DemoCluster.snapshot()).write { bytes += $0 }
        let file = try folder.write(String(decoding: bytes, as: UTF8.self), to: "demo.json")
        let playbook = try folder.write(Self.playbook, to: "retire.yaml")
        var seconds: [Double] = []
        for podStart in ["2s", "60s"] {
            let run = try await fleet.run(
                "rehearse", playbook, "--snapshot", file, "-l", "web-02,web-06,web-07", "--pod-start", podStart,
                "--output", "json")
            let document = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
            seconds.append(try #require(document["predictedSeconds"] as? Double))
        }
        #expect(seconds[1] > seconds[0] + 58, "\(seconds)")
    }

    @Test("a Job's pods run for --job-time, and their node waits for them")
    func jobTime() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var cluster = DemoCluster.snapshot()
        cluster.pods.append(
            Pod(
                key: ObjectKey("shop", "night-x"), uid: "night-x",
                controller: ControllerReference(apiVersion: "batch/v1", kind: "Job", name: "night", uid: "night"),
                nodeName: "web-02", phase: .running, isReady: true))
        var bytes: [UInt8] = []
        SnapshotDocument(cluster).write { bytes += $0 }
        let file = try folder.write(String(decoding: bytes, as: UTF8.self), to: "job.json")
        let playbook = try folder.write(Self.playbook, to: "retire.yaml")
        var seconds: [Double] = []
        for time in ["4m", "20m"] {
            let run = try await FleetBinary(directory: folder.path).run(
                "rehearse", playbook, "--snapshot", file, "-l", "web-02", "--job-time", time, "--output", "json")
            let document = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
            #expect(document["result"] as? String == "done", "\(run.output)")
            seconds.append(try #require(document["predictedSeconds"] as? Double))
        }
        #expect(seconds[0] >= 240 && seconds[0] < 600 && seconds[1] >= 1200 && seconds[1] < 1560, "\(seconds)")
    }

    @Test(
        "what cannot be played is refused with exit code 64",
        arguments: [
            (["--snapshot", "none.json", "-l", "all"], "cannot be read"),
            (["--snapshot", "empty.json", "-l", "all"], "holds no Node"),
            (["--snapshot", "broken.json", "-l", "all"], "not JSON"),
            (["--snapshot", "demo.json"], "needs --limit"),
            (["--snapshot", "demo.json", "-l", "all", "--pod-start", "soon"], "is not a duration"),
            (["--snapshot", "demo.json", "-l", "all", "--fault", "node-down@5m"], "it names no node"),
            (["--snapshot", "demo.json", "-l", "all", "--fault", "earthquake@5m"], "there is no fault \"earthquake\""),
            (["--snapshot", "demo.json", "-l", "all", "--fault", "watch-lost"], "it says no time"),
        ])
    func refusals(arguments: [String], words: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var bytes: [UInt8] = []
        SnapshotDocument(DemoCluster.snapshot()).write { bytes += $0 }
        _ = try folder.write(String(decoding: bytes, as: UTF8.self), to: "demo.json")
        _ = try folder.write(#"{"kind":"List","items":[]}"#, to: "empty.json")
        _ = try folder.write("{", to: "broken.json")
        let playbook = try folder.write(Self.playbook, to: "retire.yaml")
        let run = try await FleetBinary(directory: folder.path).run(list: ["rehearse", playbook] + arguments)
        #expect(run.status == 64, "\(run.output)\(run.error)")
        #expect(run.error.contains(words), "\(run.error)")
    }

    @Test("a plan of a snapshot cannot be pinned")
    func noPin() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let run = try await FleetBinary(directory: folder.path).run("plan", "x.yaml", "--snapshot", "y.json", "--pin")
        #expect(run.status == 64)
        #expect(run.error.contains("not pinned"))
    }
}

extension SimulatedWorld {
    /// Writes `fleet snapshot` of a simulated cluster to a file of a folder that is the caller's to remove.
    static func capture(_ cluster: ClusterSnapshot) async throws -> (TemporaryFolder, String) {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/live.json"
        try await with(cluster) { world in
            let result = try await world.run("snapshot", "-o", file)
            #expect(result.status == 0, "\(result.error)")
            #expect(result.error.contains("12 nodes, "))
        }
        return (folder, file)
    }
}
