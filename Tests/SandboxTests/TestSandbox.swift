import FleetCommands
import FleetRun
import Foundation
import Testing

/// Sandboxed hosts for one test: started before, stopped and removed after.
enum TestSandbox {
    /// Missing tools skip these suites visibly on a laptop, and fail them in CI.
    static let isPossible: Bool = {
        if ProcessInfo.processInfo.environment["CI"] != nil { return true }
        let directories = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        return ["sshd", "ssh", "bwrap", "iptables", "nft", "ipset", "ip", "sysctl"].allSatisfy { program in
            directories.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
        }
    }()

    /// The CA certificate of the tests' cluster, and the SHA-256 of its DER as `openssl` tells it.
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBgDCCASWgAwIBAgIUR3FC7uzQC5rxJvS9ocIfnpTHO0kwCgYIKoZIzj0EAwIw
        FTETMBEGA1UEAwwKa3ViZXJuZXRlczAeFw0yNjExMjMyMDU0MzBaFw0zNjExMjAy
        MDU0MzBaMBUxEzARBgNVBAMMCmt1YmVybmV0ZXMwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQSDYd8G1Dy3URIA7lHZYWAU0fPgKKQi6SlMna1LBOTUMRPqDt3CcSt
        2w/VOygex+hXn44+78HGEC+qphUIB7zeo1MwUTAdBgNVHQ4EFgQUp5mokBUVsdC0
        JJAdW6JOXoQS/gMwHwYDVR0jBBgwFoAUp5mokBUVsdC0JJAdW6JOXoQS/gMwDwYD
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA06sDexIz0hBTtJ8tquyO
        f+blvAOjkHbGQ89IpKpcIUACIQDZsNpVDPrytbLJfPEUEIUob7zZy9jIOwHYJiLD
        Y8WRRg==
        -----END CERTIFICATE-----

        """
    static let certificateHash = "b80c1e813fa5d02cb2f83ea77a807091f3c633b6bf7e126dbdec4f7c4b1a1b53"

    static func host(_ name: String, role: SandboxHost.Role = .worker, plugin: SandboxHost.NetworkPlugin = .calico)
        -> SandboxHost
    {
        SandboxHost(name: name, role: role, plugin: plugin, clusterCertificate: certificate)
    }

    static func directory() -> String {
        FileManager.default.temporaryDirectory.path + "/fleet-sandbox-" + UUID().uuidString.lowercased()
    }

    static func with(_ hosts: [SandboxHost], _ body: (SandboxFleet) async throws -> Void) async throws {
        let directory = directory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let fleet = try await SandboxFleet.start(hosts: hosts, directory: directory)
        do {
            try await body(fleet)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
        #expect(processes(naming: directory).isEmpty)
    }

    /// Ids of this machine's processes whose command line has a text in it.
    static func processes(naming text: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { id in
            guard Int(id) != nil, let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") else {
                return false
            }
            return String(decoding: line, as: UTF8.self).contains(text)
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Sandboxed hosts can run here, or must.
    static var needsSandbox: Self {
        .enabled(if: TestSandbox.isPossible, "needs sshd, bwrap, iptables, nft, ipset, ip, sysctl")
    }
}

extension SandboxFleet {
    /// Runs a script that must succeed, and hands its output back.
    func output(_ host: String, _ script: String) async throws -> String {
        let reading = try await read(host, script)
        #expect(reading.status == 0, "\(script): \(reading.error)")
        return reading.output
    }

    /// What a clean-up answered, and its exit status.
    func cleanup(_ host: String, _ options: CleanupOptions) async throws -> (report: CleanupReport, status: Int32) {
        let reading = try await read(host, NodeScript.cleanup(options))
        #expect(reading.error == "")
        return (CleanupReport(NodeAnswer(reading.output)), reading.status)
    }

    /// Prints the rules of iptables, IPv4 and IPv6, without counters: the kernel's own packets (neighbour discovery) count too.
    static let iptables = #"{ iptables-save; ip6tables-save; } | grep -v '^#' | sed 's/ \[[0-9]*:[0-9]*]$//'"#

    /// Everything that a clean-up could change on a host, for comparison.
    func picture(_ host: String) async throws -> String {
        try await output(
            host,
            """
            find /etc /var /run /opt /srv /root /sys /mnt | grep -v -e '^/var/lib/sandbox' -e '^/run/fleet.lock' | sort
            \(Self.iptables); nft list tables; ipset save
            ip -br link | awk '{ print $1 }'; cat /var/lib/sandbox/ipvs; cut -d ' ' -f 5 /proc/self/mountinfo
            systemctl is-active kubelet; systemctl is-enabled kubelet; ls /var/lib/sandbox/pods
            exit 0
            """)
    }
}
