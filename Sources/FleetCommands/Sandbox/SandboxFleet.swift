public import FleetModel
import Foundation
import Subprocess

/// Running sandboxed hosts: each has its own files, host name, processes and network behind a real sshd.
///
/// The hosts listen on loopback addresses only and work for root and for an ordinary user alike. They end with
/// ``stop()``, and also when this process ends in any other way.
public actor SandboxFleet {
    /// The hosts, each with its address.
    public nonisolated let hosts: [SandboxHost]
    /// Where everything of theirs is kept; an absolute path.
    public nonisolated let directory: String
    /// The port of every host.
    public nonisolated let port: Int
    /// The user to log in as; inside the host it is root.
    public nonisolated let user: String

    private let box: RunningBox

    /// The private key that opens every host: ed25519, OpenSSH's format, no passphrase.
    public nonisolated var clientKey: String { "\(directory)/client_key" }
    /// A known_hosts file with the hosts' real keys, for each `[address]:port`.
    public nonisolated var knownHosts: String { "\(directory)/known_hosts" }

    private init(hosts: [SandboxHost], directory: String, port: Int, user: String, box: RunningBox) {
        self.hosts = hosts
        self.directory = directory
        self.port = port
        self.user = user
        self.box = box
    }

    /// Starts hosts, their files below a directory that is empty or does not exist yet.
    ///
    /// Returns when each of them accepts a login. Throws ``SandboxError`` naming the missing program and its Debian
    /// package, the setting that forbids namespaces, or the host that did not come up.
    public static func start(hosts: [SandboxHost], directory: String) async throws -> SandboxFleet {
        try SandboxTools.check()
        let layout = try SandboxLayout(hosts: hosts, directory: directory)
        try await NamespaceCheck.run()
        try layout.write()
        try await layout.makeKeys()
        let box = try RunningBox(directory: layout.directory)
        do {
            let port = try await box.awaitPort()
            try layout.writeKnownHosts(port: port)
            let fleet = SandboxFleet(
                hosts: layout.hosts, directory: layout.directory, port: port, user: NSUserName(), box: box)
            try await fleet.proveLogin()
            return fleet
        } catch {
            await box.stop()
            throw error
        }
    }

    /// A user without a login shell gets as far as the server, and no farther.
    private func proveLogin() async throws {
        guard let host = hosts.first else { return }
        let reading = try await read(host.name, "true")
        guard reading.status != 0 else { return }
        throw SandboxError(
            .startFailed,
            "\(user) cannot log in to sandboxed host \(host.name): \(reading.error) (\(directory)/sshd.log.0)"
        )
    }

    /// Where a host is reached; nil for a name that is none of theirs.
    public nonisolated func endpoint(of name: String) -> HostEndpoint? {
        guard let host = hosts.first(where: { $0.name == name }), let address = host.address else { return nil }
        return HostEndpoint(
            name: name, address: address, port: port, user: user, identityFiles: [clientKey],
            knownHostsFiles: [knownHosts])
    }

    /// An Ansible inventory of the hosts as group `kube_node`; `variables` adds to a host, and `group` to all, YAML
    /// entries such as `zone: eu-1a`, and what stands there a second time takes the place of what is right.
    public nonisolated func inventory(_ variables: [String: [String]] = [:], group: [String] = []) -> String {
        let rows = hosts.map { host in
            Self.entries(["ansible_host: \(host.address ?? "")"], variables[host.name] ?? [])
                .joined(separator: ", ")
        }
        let shared = Self.entries(
            [
                "ansible_port: \(port)", "ansible_user: \(user)", "ansible_become: false",
                "ansible_ssh_private_key_file: \(clientKey)",
                "ansible_ssh_common_args: -o UserKnownHostsFile=\(knownHosts)",
            ], group)
        return "kube_node:\n  hosts:\n" + zip(hosts, rows).map { "    \($0.name): {\($1)}\n" }.joined()
            + "  vars:\n" + shared.map { "    \($0)\n" }.joined()
    }

    /// The entries, of which later ones replace earlier ones of the same key.
    private static func entries(_ usual: [String], _ own: [String]) -> [String] {
        let key = { (entry: String) in entry.prefix { $0 != ":" } }
        let replaced = Set(own.map(key))
        return usual.filter { !replaced.contains(key($0)) } + own
    }

    /// The host's file tree as this machine sees it.
    public nonisolated func root(of name: String) -> String { "\(directory)/hosts/\(name)/root" }

    /// What the stand-ins of a host were called with, one call a line, oldest first.
    public nonisolated func calls(on name: String) -> [String] {
        let text = try? String(contentsOfFile: root(of: name) + "/var/lib/sandbox/calls", encoding: .utf8)
        return (text ?? "").split(separator: "\n").map(String.init)
    }

    /// The name under which a host's kubelet was joined by `kubeadm join`; nil where it was not.
    public nonisolated func joinedNode(on name: String) -> String? { state("joined", on: name) }

    /// What a unit of a host is doing, such as `active`; nil where the host has no such unit.
    public nonisolated func unit(_ unit: String, on name: String) -> String? {
        state("units/\(unit).active", on: name)
    }

    private nonisolated func state(_ file: String, on name: String) -> String? {
        let text = try? String(contentsOfFile: root(of: name) + "/var/lib/sandbox/" + file, encoding: .utf8)
        return text?.split(separator: "\n").first.map(String.init)
    }

    /// What a command left behind.
    public struct Reading: Hashable, Sendable {
        /// The exit status; 255 where the connection failed.
        public let status: Int32
        /// Standard output.
        public let output: String
        /// Standard error.
        public let error: String
    }

    /// Runs a shell script as root on a host through the system's own `ssh`: a proof that fleet's client has no part in.
    public func read(_ name: String, _ script: String) async throws -> Reading {
        guard let endpoint = endpoint(of: name) else {
            throw SandboxError(.invalidArgument, "no sandboxed host is called \(name)")
        }
        let result = try await Subprocess.run(
            .name("ssh"), arguments: .init(sshArguments(endpoint)), input: .string(script),
            output: .string(limit: 1 << 22), error: .string(limit: 1 << 20))
        return Reading(
            status: Self.status(result.terminationStatus), output: result.standardOutput, error: result.standardError)
    }

    private static func status(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    private nonisolated func sshArguments(_ endpoint: HostEndpoint) -> [String] {
        let options = [
            "BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "UserKnownHostsFile=\(knownHosts)",
            "GlobalKnownHostsFile=/dev/null", "KexAlgorithms=curve25519-sha256", "LogLevel=ERROR", "IdentityAgent=none",
        ]
        return ["-F", "/dev/null", "-T", "-i", clientKey, "-p", String(port), "-l", user]
            + options.flatMap { ["-o", $0] } + [endpoint.address, "sh", "-s"]
    }

    /// Ends every process of the hosts and waits for it; their files stay.
    public func stop() async { await box.stop() }
}
