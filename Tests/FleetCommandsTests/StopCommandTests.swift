import FleetJournal
import FleetKubernetes
import FleetModel
import FleetPorts
import FleetSimulation
import FleetSimulationServer
import Foundation
import Subprocess
import Testing

/// Locks, and the commands that stop, end and clean up after runs, as an operator types them.
@Suite(.serialized) struct StopCommandTests {
    /// A run that stands in its drain: nothing may leave the node, and nobody waits long.
    private func startStuck(
        _ world: SimulatedWorld, state: String = "fleet.sqlite", header: String = ""
    ) async throws -> RunningFleet {
        let steps = [
            "cordon:", "exclude_from_load_balancers:", "drain: {delete_emptydir_data: true}", "verify_drained:",
            "delete_node:",
        ]
        let playbook = try world.playbook(steps, header: header)
        await world.server.perform(.fault(.answer(RequestPattern(.evict), .budgetNotObserved, count: 1_000_000)))
        let run = try RunningFleet(
            ["run", playbook, "-l", "web-02,web-06", "--yes", "-v", "--kubeconfig", world.kubeconfig],
            in: world.folder.path, state: state)
        try await run.says("drain begins")
        return run
    }

    private func releaseEvictions(_ world: SimulatedWorld) async {
        await world.server.perform(.fault(.clearAnswers))
    }

    /// What fleet changes on Nodes.
    private func nodes(_ world: SimulatedWorld) async -> [String] {
        await world.server.simulation.nodes.map { "\($0.name) \($0.isCordoned) \($0.taints) \($0.annotations)" }
    }

    private func node(_ name: NodeName, _ world: SimulatedWorld) async -> Node? {
        await world.server.simulation.node(name)
    }

    private func lease(_ world: SimulatedWorld) async throws -> String {
        let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
        return try await KubernetesClient.withClient(connection: connection) { client in
            let lock: ClusterLock? = try await LeaseClient(client: client).read()
            return lock?.holder ?? ""
        }
    }

    @Test("a lock that is lost, that a lost machine left, that a copied or another state file would have")
    func heldLocks() async { await together(lostLock, leftovers, copied, handOver) }

    @Test("watch tells what the driving process tells, exits as the run does, and says so when nobody drives it")
    func watched() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            let watch = try RunningFleet(["watch", "-v"], in: world.folder.path)
            try await watch.says("drain begins")
            run.interrupt()
            #expect(try await run.status() == 130)
            #expect(try await watch.status() == 130)
            #expect(
                watch.error == run.error.split(separator: "\n").filter { $0.contains("Z  ") }.joined(separator: "\n")
                    + "\n")

            let resumed = try RunningFleet(["resume"], in: world.folder.path)
            try await resumed.says("goes on")
            resumed.kill()
            _ = try await resumed.status()
            let orphan = try await world.fleet.run("watch", "--state", "\(world.folder.path)/fleet.sqlite")
            #expect(orphan.status == 75)
            #expect(orphan.error.contains("no process drives run r-") && orphan.error.contains("fleet resume r-"))
        }
    }

    @Test("a second run is refused with who holds the cluster, from the same state file and from another one")
    func locked() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            let holder = try await lease(world)
            #expect(holder.contains("@"))
            let other = try world.folder.write(
                "name: other\nhosts: kube_node\nsteps: [{cordon: }, {uncordon: }]\n", to: "other.yaml")
            let same = try await world.run("run", other, "-l", "web-05", "--yes")
            #expect(same.status == 75, "\(same.error)")
            #expect(same.error.contains("is unfinished and holds this cluster"))
            #expect(same.error.contains("fleet resume r-"))
            let elsewhere = try await world.fleet.run(
                "run", other, "-l", "web-05", "--yes", "--kubeconfig", world.kubeconfig, "--state",
                "\(world.folder.path)/elsewhere.sqlite")
            #expect(elsewhere.status == 75)
            #expect(elsewhere.error.contains("from another machine or state file"))
            #expect(elsewhere.error.contains("--take-over r-"))
            #expect(await node("web-05", world)?.isCordoned == false)

            run.interrupt()
            #expect(try await run.status() == 130)
            // The run is unfinished: it keeps the others out, although nobody renews.
            let still = try await world.run("run", other, "-l", "web-05", "--yes")
            #expect(still.status == 75)
            await releaseEvictions(world)
            let done = try await world.run("run", "\(world.folder.path)/retire.yaml", "--yes")
            #expect(done.status == 0, "\(done.error)")
            #expect(try await lease(world) == "")
            let free = try await world.run("run", other, "-l", "web-05", "--yes")
            #expect(free.status == 0, "\(free.error)")
        }
    }

    /// A run whose lock is taken ends with 75 and names who took it; it goes on only by taking it back.
    private func lostLock() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            let other = LockClaim(run: "r-other", planDigest: "d", stateFile: "theirs", user: "bob", machine: "laptop")
            let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
            try await KubernetesClient.withClient(connection: connection) { client in
                let port = LeaseClient(client: client)
                var isTaken = false
                while !isTaken {
                    let seen: ClusterLock? = try await port.read()
                    do throws(ClusterFailure) {
                        _ = try await port.take(seen: seen, for: other, durationSeconds: 1, at: Instant(seconds: 1))
                        isTaken = true
                    } catch {
                        // It was renewed in between.
                        #expect(error.code == .conflict)
                    }
                }
            }
            #expect(try await run.status() == 75)
            #expect(run.error.contains("the cluster's lock was lost: run r-other of bob@laptop took the cluster over"))
            await releaseEvictions(world)
            let resume = ["resume", "--playbook", "\(world.folder.path)/retire.yaml", "--kubeconfig", world.kubeconfig]
            let refused = try await world.fleet.run(list: resume)
            #expect(refused.status == 75)
            #expect(refused.error.contains("run r-other of bob@laptop"))
            let resumed = try await world.fleet.run(list: resume + ["--take-over", "r-other"])
            #expect(resumed.status == 0, "\(resumed.error)")
        }
    }

    @Test("pause from another terminal, resume, and the run is done")
    func pause() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            let paused = try await world.fleet.run("pause", "r-")
            #expect(paused.status == 0, "\(paused.error)")
            #expect(try await run.status() == 75)
            #expect(run.error.contains("fleet pause of"))
            let node = await node("web-02", world)
            let other = await self.node("web-06", world)
            #expect(node?.isCordoned == true || other?.isCordoned == true)
            let again = try await world.fleet.run("pause", "r-")
            #expect(again.status == 0)
            #expect(again.error.contains("stands still"))
            await releaseEvictions(world)
            // From another folder, by nothing but the journal.
            let resumed = try await world.fleet.run("resume")
            #expect(resumed.status == 0, "\(resumed.error)")
            #expect(await world.server.simulation.nodes.count == 10)
        }
    }

    @Test("Ctrl-C twice ends it at once, with nothing lost: the run is gone on with")
    func twice() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            run.interrupt()
            try await run.says("stop")
            run.interrupt()
            #expect(try await run.status() == 130)
            #expect(try await world.fleet.run("journal", "verify").status == 0)
            await releaseEvictions(world)
            let resumed = try await world.fleet.run("resume")
            #expect(resumed.status == 0, "\(resumed.error)")
            #expect(await world.server.simulation.nodes.count == 10)
        }
    }

    @Test("a terminal that goes away asks for a graceful stop, however often it says so; what runs under nohup goes on")
    func hangUp() async throws {
        let earlier = signal(SIGHUP, SIG_DFL)
        defer { signal(SIGHUP, earlier) }
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            run.hangUp()
            run.hangUp()
            #expect(try await run.status() == 130)
            #expect(run.error.contains("SIGHUP"), "\(run.error)")
            #expect(try await world.fleet.run("report", "r-").output.contains("interrupted"))
            signal(SIGHUP, SIG_IGN)
            let detached = try RunningFleet(["resume"], in: world.folder.path)
            try await detached.says("goes on")
            detached.hangUp()
            await releaseEvictions(world)
            #expect(try await detached.status() == 0, "\(detached.error)")
        }
    }

    @Test("abort from another terminal: the label goes, the cordon stays, the lock is free")
    func abort() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            let aborted = try await world.run("abort", "r-")
            #expect(aborted.status == 0, "\(aborted.error)")
            #expect(try await run.status() == 1)
            try await expectEnded(world, cordons: 1)
            #expect(run.error.contains("still cordoned by this run"))
            let report = try await world.fleet.run("report", "r-")
            #expect(report.output.contains("aborted"))
        }
    }

    @Test("rollback of a run whose process was killed, from its journal: everything is as before, and it is told")
    func rollback() async throws {
        try await SimulatedWorld.with { world in
            let notices = "\(world.folder.path)/notices"
            let run = try await startStuck(
                world, header: "notify: [{command: {run: 'echo \"$FLEET_KIND $FLEET_RESULT\" >>\(notices)'}}]")
            run.kill()
            #expect(try await run.status() == 128 + 9)
            let found = try await world.run("leftovers")
            #expect(found.output.contains("fleet.run/retiring"))
            #expect(found.output.contains("cordoned"))
            let refused = try await world.fleet.run(
                "leftovers", "--restore", "--kubeconfig", world.kubeconfig, "--state",
                "\(world.folder.path)/elsewhere.sqlite")
            #expect(refused.status == 75)
            let rolledBack = try await world.run("rollback", "r-")
            #expect(rolledBack.status == 0, "\(rolledBack.error)")
            #expect(rolledBack.error.contains("schedulable again"))
            try await expectEnded(world, cordons: 0)
            #expect(try String(contentsOfFile: notices, encoding: .utf8) == "run_done rolled-back\n")
            let events = try await world.events().filter { $0.note?.contains("by fleet run") == true }
            #expect(events.map(\.reason) == ["Uncordoned"])
        }
    }

    /// Leftovers of a lost machine are found and undone from another one, which takes the cluster over.
    private func leftovers() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world, state: "lost.sqlite")
            run.kill()
            _ = try await run.status()
            let listed = try await world.run("leftovers", "--output", "json")
            #expect(listed.output.contains("\"schema\":\"fleet.leftovers/v1\""))
            let id = try #require(listed.output.firstMatch(of: /"run":"(r-[a-z0-9-]+)"/)?.1)
            let restored = try await world.run("leftovers", "--restore", "--uncordon", "--take-over", String(id))
            #expect(restored.status == 0, "\(restored.error)\(restored.output)")
            #expect(restored.output.contains("restored: Node"))
            try await expectEnded(world, cordons: 0)
        }
    }

    /// Nothing temporary is left, and the lock is free.
    private func expectEnded(_ world: SimulatedWorld, cordons: Int) async throws {
        let nodes = await world.server.simulation.nodes
        #expect(nodes.count == 12)
        #expect(nodes.count { $0.isCordoned } == cordons)
        #expect(nodes.allSatisfy { !$0.taints.contains { $0.key.hasPrefix("fleet.run/") } })
        #expect(nodes.allSatisfy { !$0.labels.keys.contains { $0.contains("exclude-from-external") } })
        let notes = nodes.flatMap(\.annotations.keys).filter { $0.hasPrefix("fleet.run/") }
        #expect(notes.count == cordons, "\(notes)")
        #expect(try await lease(world) == "")
    }

    @Test("403 on leases names the verb and the resource, and nothing is changed")
    func forbidden() async throws {
        let rule = Account.Rule(verbs: ["get", "watch", "create", "update"], resources: ["leases"])
        try await SimulatedWorld.with(denied: [rule]) { world in
            let result = try await world.run("run", try world.playbook(), "-l", "web-02", "--yes")
            #expect(result.status == 1)
            #expect(result.error.contains("cannot get resource \"leases\" in API group \"coordination.k8s.io\""))
            #expect(await world.server.simulation.nodes.allSatisfy { !$0.isCordoned && $0.taints.isEmpty })
            let runs = try await world.fleet.run("runs")
            #expect(runs.output.contains("no runs yet"))
        }
    }

    @Test("files may have names of one letter")
    func shortNames() async throws {
        try await SimulatedWorld.with { world in
            _ = try world.folder.write(world.server.kubeconfig(), to: "k")
            let plan = try await world.fleet.run(
                "plan", try world.playbook(), "-l", "web-02", "--kubeconfig", "k", "--state", "s")
            #expect(plan.status == 0, "\(plan.error)")
        }
    }

    @Test("outside the window: 75 and the next opening; an unknown time zone is a mistake of the file")
    func window() async throws {
        try await SimulatedWorld.with { world in
            // A window of one minute, half a day away from now, whenever this runs: never open, always to come.
            let closed = try world.playbook(
                ["cordon:", "uncordon:"],
                header: "window: {from: \"00:00\", to: \"24:00\", blackout: 2020-01-01..2029-12-29}")
            let result = try await world.run("run", closed, "-l", "web-02", "--yes")
            #expect(result.status == 75, "\(result.error)")
            #expect(result.error.contains("outside the playbook's window"))
            #expect(result.error.contains("--wait"))
            #expect(await world.server.simulation.nodes.allSatisfy { !$0.isCordoned })

            let open = try world.playbook(
                ["cordon:", "uncordon:"], header: "window: {from: \"00:00\", to: \"24:00\", time_zone: Europe/Berlin}")
            let done = try await world.run("run", open, "-l", "web-02", "--yes")
            #expect(done.status == 0, "\(done.error)")

            let wrong = try world.playbook(
                ["cordon:"], header: "window: {from: \"01:00\", to: \"05:00\", time_zone: Asia/Shanghia}")
            let mistake = try await world.run("run", wrong, "-l", "web-02", "--yes")
            #expect(mistake.status == 64)
            #expect(mistake.error.contains("there is no time zone \"Asia/Shanghia\""))
            #expect(mistake.error.contains("did you mean \"Asia/Shanghai\"?"))
        }
    }

    @Test("a run that was over when its process was killed is concluded: nothing is begun, and nothing undone")
    func over() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook()
            #expect(try await world.run("run", playbook, "-l", "web-02", "--yes").status == 0)
            let file = "\(world.folder.path)/run.ndjson"
            #expect(try await world.fleet.run("journal", "export", "r-", "-o", file).status == 0)
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            // As the journal stands between the run's last fact and the note that it is over.
            var archive = try RunArchive(text: String(contentsOfFile: file, encoding: .utf8), name: file)
            (archive.run.finishedAt, archive.run.result) = (nil, nil)
            try archive.text().write(toFile: file, atomically: true, encoding: .utf8)
            let id = archive.run.id.rawValue
            let version = await world.server.simulation.resourceVersion
            for (state, command, status) in [("a", ["resume", "--playbook", playbook], 0), ("b", ["abort", id], 1)] {
                let there = ["--state", "\(world.folder.path)/\(state).sqlite"]
                #expect(try await world.fleet.run(list: ["journal", "import", file] + there).status == 0)
                let again = try await world.fleet.run(list: command + ["--kubeconfig", world.kubeconfig] + there)
                #expect(again.status == Int32(status), "\(again.error)")
                #expect(again.error.contains("run \(id) was over already: done; nothing"), "\(again.error)")
                let runs = try await world.fleet.run(list: ["runs", "--output", "json"] + there)
                #expect(runs.output.contains("\"done\""), "\(runs.output)")
            }
            #expect(await world.server.simulation.resourceVersion == version)
            #expect(try await lease(world) == "")
        }
    }

    @Test("a run that was over when its machine went down gives back the lock that it held before")
    func overBeforeReboot() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = "\(folder.path)/run.ndjson"
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook()
            #expect(try await world.run("run", playbook, "-l", "web-02", "--yes").status == 0)
            #expect(try await world.fleet.run("journal", "export", "r-", "-o", file).status == 0)
        }
        var archive = try RunArchive(text: String(contentsOfFile: file, encoding: .utf8), name: file)
        (archive.run.finishedAt, archive.run.result) = (nil, nil)
        try archive.text().write(toFile: file, atomically: true, encoding: .utf8)
        try await SimulatedWorld.with { world in
            let state = "\(world.folder.path)/there.sqlite"
            #expect(try await world.fleet.run("journal", "import", file, "--state", state).status == 0)
            let stateFile = try SQLiteJournal(path: state, fleetVersion: "test").fileID
            let before = LockClaim(
                run: archive.run.id, planDigest: archive.run.planDigest, stateFile: stateFile, user: "ops",
                machine: "bastion", process: "gone", place: "before the reboot")
            let connection = try Kubeconfig(explicitPath: world.kubeconfig, context: nil).connection()
            try await KubernetesClient.withClient(connection: connection) { client in
                _ = try await LeaseClient(client: client)
                    .take(seen: nil, for: before, durationSeconds: 1, at: Instant(seconds: 1))
            }
            let resume = ["resume", "--playbook", try world.playbook(), "--kubeconfig", world.kubeconfig]
            let over = try await world.fleet.run(list: resume + ["--state", state])
            #expect(over.status == 0 && over.error.contains("was over already: done"), "\(over.error)")
            #expect(try await lease(world) == "")
        }
    }

    @Test("resume goes on with the run that was named, in its own cluster, by its own playbook: it begins none")
    func otherCluster() async throws {
        try await SimulatedWorld.with { world in
            func playbook(_ name: String) throws -> String {
                let steps = "steps: [cordon, {drain: {delete_emptydir_data: true}}, uncordon]"
                return try world.folder.write("name: \(name)\nhosts: kube_node\n\(steps)\n", to: "\(name).yaml")
            }
            await world.server.perform(.fault(.answer(RequestPattern(.evict), .budgetNotObserved, count: 1_000_000)))
            let run = try RunningFleet(
                ["run", try playbook("patch"), "-l", "web-02", "--yes", "-v", "--kubeconfig", world.kubeconfig],
                in: world.folder.path)
            try await run.says("drain begins")
            run.interrupt()
            #expect(try await run.status() == 130)
            var snapshot = DemoCluster.snapshot()
            snapshot.clusterUID = "another"
            try await SimulatedWorld.with(snapshot) { other in
                let version = await other.server.simulation.resourceVersion
                let there = try await world.fleet.run(list: ["resume", "--kubeconfig", other.kubeconfig])
                #expect(there.status == 1, "\(there.error)")
                #expect(there.error.contains("is of another cluster"), "\(there.error)")
                #expect(await other.server.simulation.resourceVersion == version)
            }
            let version = await world.server.simulation.resourceVersion
            let named = try await world.run("resume", "--playbook", try playbook("other"))
            #expect(named.status == 1 && named.error.contains("is of playbook patch"), "\(named.error)")
            #expect(await world.server.simulation.resourceVersion == version)
            let runs = try await world.fleet.run("runs", "--output", "json")
            #expect(runs.output.components(separatedBy: "\"playbook\"").count == 2, "\(runs.output)")
        }
    }

    @Test("a run that began nothing before its process was killed is closed, never taken for done")
    func empty() async throws {
        try await SimulatedWorld.with { world in
            let playbook = try world.playbook(["cordon:", "uncordon:"])
            #expect(try await world.run("run", playbook, "-l", "web-02", "--yes").status == 0)
            let file = "\(world.folder.path)/run.ndjson"
            #expect(try await world.fleet.run("journal", "export", "r-", "-o", file).status == 0)
            // As the journal stands before the run's first fact.
            var archive = try RunArchive(text: String(contentsOfFile: file, encoding: .utf8), name: file)
            (archive.run.finishedAt, archive.run.result, archive.records) = (nil, nil, [])
            try archive.text().write(toFile: file, atomically: true, encoding: .utf8)
            let words = "run \(archive.run.id) began nothing before its process ended"
            let commands = [
                ("a", ["resume", "--playbook", playbook], 1, "; it is closed, and nothing was changed"),
                ("b", ["run", playbook, "-l", "web-02", "--yes"], 0, ", and is closed"),
            ]
            for (state, command, status, rest) in commands {
                let there = ["--state", "\(world.folder.path)/\(state).sqlite"]
                #expect(try await world.fleet.run(list: ["journal", "import", file] + there).status == 0)
                let version = await world.server.simulation.resourceVersion
                let again = try await world.fleet.run(list: command + ["--kubeconfig", world.kubeconfig] + there)
                #expect(again.status == Int32(status), "\(again.error)")
                #expect(again.error.contains(words + rest), "\(again.error)")
                #expect(await world.server.simulation.resourceVersion == version || state == "b")
                let runs = try await world.fleet.run(list: ["runs", "--output", "json"] + there)
                #expect(runs.output.contains("\"aborted\""), "\(runs.output)")
                #expect(runs.output.contains("\"done\"") == (state == "b"), "\(runs.output)")
            }
        }
    }

    @Test("the second signal ends the process at once, also while the run's notices are on their way")
    func lateSignals() async throws {
        try await SimulatedWorld.with { world in
            let mark = "\(world.folder.path)/told"
            let playbook = try world.playbook(
                ["cordon:", "uncordon:"],
                header: "notify: [{command: {run: \"touch \(mark); sleep 14\", on: run_done}}]")
            let run = try RunningFleet(
                ["run", playbook, "-l", "web-02", "--yes", "--kubeconfig", world.kubeconfig], in: world.folder.path)
            while !FileManager.default.fileExists(atPath: mark) { try await Task.sleep(for: .milliseconds(20)) }
            let start = ContinuousClock.now
            run.interrupt()
            try await Task.sleep(for: .milliseconds(200))
            run.interrupt()
            #expect(try await run.status() == 130)
            #expect(ContinuousClock.now - start < .seconds(8))
        }
    }

    /// A run is handed to another machine and gone on with there, and nowhere else.
    private func handOver() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            let file = "\(world.folder.path)/run.ndjson"
            let driven = try await world.fleet.run("journal", "export", "r-", "-o", file)
            #expect(driven.status == 75 && driven.error.contains("fleet pause r-"), "\(driven.error)")
            #expect(try await world.fleet.run("journal", "export", "r-", "-o", file, "--copy").status == 0)
            #expect(try await world.fleet.run("status").output.contains("no process here") == false)
            run.kill()
            _ = try await run.status()
            #expect(try await world.fleet.run("status").output.contains("unfinished, no process here drives it"))
            #expect(try await world.fleet.run("runs").output.contains("unfinished, not driven here"))
            // What cannot be written hands nothing over.
            let failed = try await world.fleet.run("journal", "export", "r-", "-o", world.folder.path)
            #expect(failed.status == 64 && failed.error.contains("it is a directory"), "\(failed.error)")
            let full = ["-c", "exec \"$0\" journal export r- --state \"$1\" >/dev/full", FleetBinary.path]
            let lost = try await Subprocess.run(
                .name("sh"), arguments: .init(full + ["\(world.folder.path)/fleet.sqlite"]), output: .discarded,
                error: .string(limit: 1 << 16))
            #expect(!lost.terminationStatus.isSuccess && lost.standardError.contains("is not handed over"))
            #expect(try await world.fleet.run("status").output.contains("handed over") == false)
            let exported = try await world.fleet.run("journal", "export", "r-", "-o", file)
            #expect(exported.status == 0, "\(exported.error)")
            #expect(
                try await world.fleet.run("status").output.contains("unfinished, handed over to another machine by"))
            let there = ["--state", "\(world.folder.path)/there.sqlite"]
            let imported = try await world.fleet.run(list: ["journal", "import", file] + there)
            #expect(imported.status == 0, "\(imported.error)")
            let again = try await world.fleet.run(list: ["journal", "import", file] + there)
            #expect(again.error.contains("0 of "))
            let verified = try await world.fleet.run(list: ["journal", "verify"] + there)
            #expect(verified.status == 0)
            #expect(verified.output.contains("1 runs"))
            await releaseEvictions(world)
            let id = try #require(imported.error.firstMatch(of: /run (r-[a-z0-9-]+):/)?.1)
            let playbook = "\(world.folder.path)/retire.yaml"
            let arguments = ["resume", "--playbook", playbook, "--kubeconfig", world.kubeconfig] + there
            let refused = try await world.fleet.run(list: arguments)
            #expect(refused.status == 75, "\(refused.error)")
            let paused = try await world.fleet.run(list: ["pause", "r-", "--kubeconfig", world.kubeconfig] + there)
            #expect(paused.status == 1 && paused.error.contains("holds the cluster's lock for it"), "\(paused.error)")
            let resumed = try await world.fleet.run(list: arguments + ["--take-over", String(id)])
            #expect(resumed.status == 0, "\(resumed.error)")
            #expect(await world.server.simulation.nodes.count == 10)

            // The first machine holds the beginning of what is over: it goes on with nothing. Pods may settle meanwhile.
            let nodes = await nodes(world)
            let evictions = await world.server.audit.requests("create", "pods/eviction")
            for command in ["resume", "abort"] {
                let gone = try await world.run("\(command) \(id)")
                #expect(gone.status == 75, "\(gone.error)")
                #expect(gone.error.contains("was handed over to another machine, by"), "\(gone.error)")
                let over = try await world.run("\(command) \(id)", "--take-back")
                #expect(over.status == 1, "\(over.error)")
                #expect(over.error.contains("run \(id) is over: done, by "), "\(over.error)")
                #expect(over.error.contains("fleet journal import FILE"), "\(over.error)")
                // What ended there can be closed here, though that journal may be lost.
                let isClosed = try await world.fleet.run("runs", "--output", "json").output.contains("\"done\"")
                #expect(isClosed == (command == "abort"))
            }
            #expect(await self.nodes(world) == nodes)
            #expect(await world.server.audit.requests("create", "pods/eviction") == evictions)
            #expect(try await world.fleet.run(list: ["journal", "export", "r-", "-o", file] + there).status == 0)
            #expect(try await world.fleet.run("journal", "import", file).status == 0)
            #expect(try await world.fleet.run("status").output.contains("done"))
        }
    }

    /// A copy of the state file does not drive the run that another process drives.
    private func copied() async throws {
        try await SimulatedWorld.with { world in
            let run = try await startStuck(world)
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: "\(world.folder.path)/fleet.sqlite\(suffix)",
                    toPath: "\(world.folder.path)/copy.sqlite\(suffix)")
            }
            let copy = try await world.run("resume", "--state", "\(world.folder.path)/copy.sqlite")
            #expect(copy.status == 75, "\(copy.error)")
            #expect(copy.error.contains("is being driven right now"), "\(copy.error)")
            #expect(run.isRunning)
            // The same state file goes on at once after a crash: its file lock proves that nobody drives the run.
            run.kill()
            _ = try await run.status()
            await releaseEvictions(world)
            let resumed = try await world.fleet.run("resume")
            #expect(resumed.status == 0, "\(resumed.error)")
            #expect(!resumed.error.contains("watching the cluster's lock"), "\(resumed.error)")
        }
    }
}
