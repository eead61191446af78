#if os(Linux)
import FleetModel
import FleetSimulation
import FleetSimulationServer
import Foundation
import Testing

/// The real binary, whose machine's clock is set by an hour while it runs: a library that it is started with adds to
/// what the kernel says.
@Suite("The machine's clock set in the middle of a run", .serialized, .needsClang) struct ClockTests {
    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <sys/time.h>
        #include <time.h>

        static long added(void) {
            long seconds = 0;
            FILE *file = fopen(getenv("CLOCK_FILE"), "re");
            if (!file) return 0;
            if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
            fclose(file);
            return seconds;
        }

        int clock_gettime(clockid_t id, struct timespec *time) {
            int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
            int result = real(id, time);
            if (result == 0 && id == CLOCK_REALTIME) time->tv_sec += added();
            return result;
        }

        int gettimeofday(struct timeval *restrict time, void *restrict zone) {
            int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
            int result = real(time, zone);
            if (result == 0) time->tv_sec += added();
            return result;
        }

        time_t time(time_t *place) {
            time_t (*real)(time_t *) = dlsym(RTLD_NEXT, "time");
            time_t now = real(NULL) + added();
            if (place) *place = now;
            return now;
        }
        """#

    /// A machine whose clock can be set.
    private struct Machine {
        let world: SimulatedWorld
        let library: String

        init(_ world: SimulatedWorld) async throws {
            self.world = world
            library = world.folder.path + "/clock.so"
            let source = try world.folder.write(ClockTests.source, to: "clock.c")
            _ = try await FleetBinary.tool("clang", "-shared", "-fPIC", "-o", library, source, "-ldl")
            try set(by: 0)
        }

        /// At once and for every process: the file is replaced whole.
        func set(by seconds: Int) throws {
            try "\(seconds)\n".write(toFile: world.folder.path + "/clock", atomically: true, encoding: .utf8)
        }

        func start(_ arguments: String...) throws -> RunningFleet {
            try RunningFleet(
                arguments + ["-v", "--kubeconfig", world.kubeconfig], in: world.folder.path,
                environment: ["LD_PRELOAD": library, "CLOCK_FILE": world.folder.path + "/clock"])
        }
    }

    private static func time(_ offset: TimeInterval) -> String {
        (Date.now + offset).formatted(
            .verbatim(
                "\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits)",
                timeZone: .gmt, calendar: Calendar(identifier: .gregorian)))
    }

    @Test(
        "forward, back while no process runs, forward again: no timeout runs out, and the end is the same; and reverse")
    func steps() async { await together({ try await stepped(by: 3600) }, { try await stepped(by: -3600) }) }

    private func stepped(by seconds: Int) async throws {
        try await SimulatedWorld.with { world in
            let machine = try await Machine(world)
            let steps = [
                "cordon:", "surge_single_replicas:", "drain: {delete_emptydir_data: true}",
                "verify_drained: {timeout: 10m}", "soak: 2s", "delete_node:",
            ]
            let playbook = try world.playbook(steps)
            let first = try machine.start("run", playbook, "-l", "web-02,web-06", "--yes")
            try await first.says("drain begins")
            try machine.set(by: seconds)
            try await first.says("verify_drained begins")
            first.kill()
            _ = try await first.status()
            try machine.set(by: -seconds)
            let second = try machine.start("resume")
            try await second.says("soak begins")
            try machine.set(by: seconds)
            #expect(try await second.status() == 0, "\(second.error.suffix(3000))")
            let snapshot = await world.server.simulation.snapshot()
            #expect(snapshot.nodes.allSatisfy { !$0.isCordoned && $0.taints.isEmpty })
            #expect(snapshot.nodes.count == DemoCluster.snapshot().nodes.count - 2)
            let twice = await world.server.audit.evictedPods.filter { $0.value > 1 }
            #expect(twice.isEmpty, "\(twice)")
            #expect(try await world.run("leftovers").output.contains("nothing of fleet's is left"))
        }
    }

    @Test("a window closes and opens by the clock as it is now")
    func window() async { await together(closes, opens) }

    private func closes() async throws {
        try await SimulatedWorld.with { world in
            let machine = try await Machine(world)
            let open = "{from: \"\(Self.time(-1800))\", to: \"\(Self.time(1800))\"}"
            let soaking = try world.playbook(["cordon:", "soak: 1h", "uncordon:"], header: "window: \(open)")
            let first = try machine.start("run", soaking, "-l", "web-02", "--yes")
            try await first.says("soak begins")
            try machine.set(by: 3600)
            #expect(try await first.status() == 75, "\(first.error.suffix(2000))")
            #expect(first.error.contains("outside the window"), "\(first.error.suffix(2000))")
            #expect(await world.server.simulation.nodes.allSatisfy { !$0.isCordoned })
        }
    }

    private func opens() async throws {
        try await SimulatedWorld.with { world in
            let machine = try await Machine(world)
            let later = "{from: \"\(Self.time(1800))\", to: \"\(Self.time(5400))\"}"
            let waiting = try world.playbook(["cordon:", "uncordon:"], header: "window: \(later)")
            let second = try machine.start("run", waiting, "-l", "web-02", "--yes", "--wait")
            try await second.says("outside the window")
            try machine.set(by: 3600)
            #expect(try await second.status() == 0, "\(second.error.suffix(2000))")
            #expect(second.error.contains("the window is open"), "\(second.error.suffix(2000))")
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// A C compiler, which every Swift toolchain brings.
    fileprivate static var needsClang: Self {
        let isCI = ProcessInfo.processInfo.environment["CI"] != nil
        return .enabled(if: FleetBinary.isInstalled("clang") || isCI, "needs clang")
    }
}
#endif
