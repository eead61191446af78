import FleetRun
import Foundation
import Testing

@testable import FleetCommands

@Suite("Sandboxed hosts", .serialized, .needsSandbox)
struct SandboxFleetTests {
    @Test("Hosts have files, names, rules, mounts and processes of their own, which last between commands")
    func hostsAreApart() async throws {
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("b", role: .fresh)]) {
            (fleet: SandboxFleet) async throws in
            _ = try await fleet.output(
                "a", "echo 1 >/etc/mark; iptables -N MARK-A; mount -t tmpfs t /mnt; (sleep 300 >/dev/null 2>&1 &)")
            let proof =
                "hostname; ls /etc/mark 2>&1; iptables -S | grep -c MARK-A; grep -c ' /mnt ' /proc/self/mountinfo; ps ax | grep -c '[s]leep 300'; exit 0"
            #expect(try await fleet.output("a", proof) == "a\n/etc/mark\n1\n1\n1\n")
            #expect(
                try await fleet.output("b", proof)
                    == "b\nls: cannot access '/etc/mark': No such file or directory\n0\n0\n0\n")
            #expect(FileManager.default.fileExists(atPath: fleet.root(of: "a") + "/etc/mark"))
        }
    }

    @Test("The machine outside cannot be reached: not its files, kernel settings, network, nor processes")
    func machineIsUntouched() async throws {
        let interfaces = { try String(contentsOfFile: "/proc/net/dev", encoding: .utf8).split(separator: "\n").count }
        let interfacesBefore = try interfaces()
        let settings = ["/proc/sys/kernel/panic", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/hostname"]
        let before = try settings.map { try String(contentsOfFile: $0, encoding: .utf8) }
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            let attempts = """
                touch /usr/mark; mount -o remount,bind,rw /usr; touch /usr/mark
                echo 9 >/proc/sys/kernel/panic; mount -o remount,bind,rw /proc/sys; echo 9 >/proc/sys/kernel/panic
                umount /usr; umount /proc/sys; echo b >/proc/sysrq-trigger
                hostname elsewhere; echo 1 >/proc/sys/net/ipv4/ip_forward; exit 0
                """
            _ = try await fleet.read("a", attempts)
            #expect(try interfaces() == interfacesBefore)
            #expect(try await fleet.output("a", "hostname; cat /proc/sys/net/ipv4/ip_forward") == "elsewhere\n1\n")
            #expect(try await fleet.output("a", "ls /usr/mark 2>/dev/null; exit 0") == "")
        }
        #expect(!FileManager.default.fileExists(atPath: "/usr/mark"))
        #expect(try settings.map { try String(contentsOfFile: $0, encoding: .utf8) } == before)
    }

    @Test("Exit statuses are the command's own, and a host with another key is refused")
    func statusesAndKeys() async throws {
        try await TestSandbox.with([TestSandbox.host("a")]) { (fleet: SandboxFleet) async throws in
            #expect(try await fleet.read("a", "exit 7").status == 7)
            #expect(try await fleet.read("a", "echo out; echo err >&2").error == "err\n")
            let known = try String(contentsOfFile: fleet.knownHosts, encoding: .utf8)
            #expect(known.hasPrefix("[127.0.1.2]:\(fleet.port) ssh-ed25519 "))
            let other = known.split(separator: "\n").map { $0.dropLast(8) + "AAAAAAAA" }.joined(separator: "\n") + "\n"
            try Data(other.utf8).write(to: URL(fileURLWithPath: fleet.knownHosts))
            #expect(try await fleet.read("a", "true").status == 255)
        }
    }

    @Test("Stopping ends every process")
    func stopEndsAll() async throws {
        let directory = TestSandbox.directory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let fleet = try await SandboxFleet.start(hosts: [TestSandbox.host("a")], directory: directory)
        _ = try await fleet.output("a", "(setsid sleep 4242 >/dev/null 2>&1 &)")
        #expect(!TestSandbox.processes(naming: directory).isEmpty)
        try await poll { TestSandbox.processes(naming: "sleep\04242").count == 1 }
        await fleet.stop()
        #expect(TestSandbox.processes(naming: directory) == [])
        #expect(TestSandbox.processes(naming: "sleep\04242") == [])
    }

    /// A shell stands for fleet: it holds the pipe that keeps the hosts alive, and is killed without a chance.
    @Test("A fleet that is killed leaves no process behind")
    func killedFleetLeavesNothing() async throws {
        let directory = TestSandbox.directory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let layout = try SandboxLayout(hosts: [TestSandbox.host("a"), TestSandbox.host("b")], directory: directory)
        try layout.write()
        try await layout.makeKeys()
        let arguments = SandboxBox.arguments(
            directory: directory, ports: (0..<4).map { _ in Int.random(in: 20_000...32_000) }, isRoot: getuid() == 0)
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/bin/sh")
        let pipe = "\(directory)/pipe"
        holder.arguments =
            [
                "-c", #"mkfifo "$0"; unshare "$@" <"$0" >/dev/null 2>&1 & exec 9>"$0"; exec sleep 600"#, pipe,
            ] + arguments
        try holder.run()
        try await poll { FileManager.default.fileExists(atPath: "\(directory)/box.port") }
        #expect(TestSandbox.processes(naming: directory).count > 4)
        kill(holder.processIdentifier, SIGKILL)
        try await poll { TestSandbox.processes(naming: directory).isEmpty }
    }

    private func poll(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !condition() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test("More hosts than one sshd listens for are served by two")
    func manyHosts() async throws {
        try await TestSandbox.with((1...18).map { TestSandbox.host("n\($0)", role: .fresh) }) {
            (fleet: SandboxFleet) async throws in
            #expect(Set(fleet.hosts.compactMap(\.address)).count == 18)
            for name in ["n1", "n16", "n17", "n18"] { #expect(try await fleet.output(name, "hostname") == name + "\n") }
            #expect(FileManager.default.fileExists(atPath: fleet.directory + "/sshd_config.1"))
        }
    }

    @Test("A reboot ends the host's processes, changes its boot id and keeps it away for a while")
    func reboot() async throws {
        try await TestSandbox.with([TestSandbox.host("a"), TestSandbox.host("b")]) {
            (fleet: SandboxFleet) async throws in
            let bootID = "cat /proc/sys/kernel/random/boot_id"
            let before = try await fleet.output("a", bootID)
            // The reboot may cut the session that asked for it.
            _ = try await fleet.read(
                "a", "echo 5 >/var/lib/sandbox/reboot-seconds; (sleep 4243 >/dev/null 2>&1 &); systemctl reboot")
            #expect(try await fleet.read("a", "true").status == 255)
            #expect(try await fleet.read("b", "true").status == 0)
            let deadline = ContinuousClock.now + .seconds(60)
            while try await fleet.read("a", "true").status != 0 {
                try #require(ContinuousClock.now < deadline)
                try await Task.sleep(for: .milliseconds(500))
            }
            #expect(try await fleet.output("a", bootID) != before)
            #expect(try await fleet.output("a", "ps ax | grep -c '[s]leep 4243'; exit 0") == "0\n")
        }
    }
}

@Suite("Sandboxes that cannot be")
struct SandboxRefusalTests {
    @Test("A missing program is named with its Debian package")
    func missingTools() {
        let error = SandboxTools.absence([
            ("sshd", "openssh-server"), ("ip6tables", "iptables"), ("iptables", "iptables"),
        ])
        #expect(error.code == .missingTool)
        #expect(error.message.contains("sshd, ip6tables, iptables"))
        #expect(error.message.hasSuffix("apt-get install iptables openssh-server"))
    }

    @Test(
        "Hosts and directories that would need quoting are refused",
        arguments: [
            (SandboxHost(name: "a'b", clusterCertificate: ""), "/tmp/x"),
            (SandboxHost(name: "a", address: "10.0.0.1", clusterCertificate: ""), "/tmp/x"),
            (SandboxHost(name: "a", address: "127.0.0.1 x", clusterCertificate: ""), "/tmp/x"),
            (SandboxHost(name: "a", internalIP: "$(id)", clusterCertificate: ""), "/tmp/x"),
            (SandboxHost(name: "a", clusterCertificate: ""), "/tmp/with space"),
        ])
    func invalidArguments(host: SandboxHost, directory: String) {
        #expect(throws: SandboxError.self) { try SandboxLayout(hosts: [host], directory: directory) }
    }

    @Test("Addresses are given in order, past those asked for")
    func addresses() throws {
        let hosts = [
            SandboxHost(name: "a", clusterCertificate: ""),
            SandboxHost(name: "b", address: "127.0.1.2", clusterCertificate: ""),
            SandboxHost(name: "c", clusterCertificate: ""),
        ]
        let layout = try SandboxLayout(hosts: hosts, directory: "/tmp/fleet-none")
        #expect(layout.hosts.map(\.address) == ["127.0.1.3", "127.0.1.2", "127.0.1.4"])
    }
}
