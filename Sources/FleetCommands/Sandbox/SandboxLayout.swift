import Foundation
import Subprocess

/// The directory of a sandbox: hosts, addresses, keys and configurations, before anything runs.
struct SandboxLayout {
    let hosts: [SandboxHost]
    let directory: String

    /// sshd takes no more ListenAddress lines than these.
    private static let addressesPerServer = 16

    /// Gives each host an address, and refuses what would have to be quoted in a shell or in sshd's configuration.
    init(hosts: [SandboxHost], directory: String) throws(SandboxError) {
        let path = URL(fileURLWithPath: directory).standardizedFileURL.path
        guard path.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "/._+-".contains($0)) }) else {
            throw SandboxError(.invalidArgument, "directory \(path) has characters that a sandbox cannot use")
        }
        guard !FileManager.default.fileExists(atPath: "\(path)/hosts") else {
            throw SandboxError(.invalidArgument, "directory \(path) holds a sandbox already; give an empty one")
        }
        self.directory = path
        self.hosts = try Self.addressed(hosts)
    }

    private static func addressed(_ hosts: [SandboxHost]) throws(SandboxError) -> [SandboxHost] {
        var taken = Set(hosts.compactMap(\.address))
        guard !hosts.isEmpty, taken.count == hosts.count(where: { $0.address != nil }) else {
            throw SandboxError(.invalidArgument, "a sandbox needs a host, and for each an address of its own")
        }
        guard Set(hosts.map(\.name)).count == hosts.count else {
            throw SandboxError(.invalidArgument, "two sandboxed hosts have the same name")
        }
        var free = (1...).lazy.map { "127.0.\($0 / 250 + 1).\($0 % 250 + 1)" }.makeIterator()
        var result: [SandboxHost] = []
        for var host in hosts {
            while host.address == nil {
                if let address = free.next(), taken.insert(address).inserted { host.address = address }
            }
            try check(host)
            result.append(host)
        }
        return result
    }

    private static func check(_ host: SandboxHost) throws(SandboxError) {
        let isName = host.name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) }
        guard isName, !host.name.isEmpty, !host.name.hasPrefix("."), !host.name.hasPrefix("-") else {
            throw SandboxError(.invalidArgument, "\(host.name) is no host name")
        }
        for address in [host.address ?? "", host.internalIP] where !isIPv4(address) {
            throw SandboxError(.invalidArgument, "host \(host.name): \(address) is no IPv4 address")
        }
        guard host.address?.hasPrefix("127.") == true else {
            throw SandboxError(.invalidArgument, "host \(host.name): \(host.address ?? "") is no loopback address")
        }
    }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Writes every host's files, the shell texts, and the servers' configurations.
    func write() throws {
        let tree = SandboxTree(root: directory)
        try tree.makeDirectory("/addresses")
        for host in hosts {
            try SandboxImage(host: host).write(to: "\(directory)/hosts/\(host.name)")
            try tree.link("/addresses/\(host.address ?? "")", to: "../hosts/\(host.name)")
        }
        try tree.write(SandboxBox.supervisor, to: "/box.sh")
        try tree.write(SandboxBox.enter, to: "/enter.sh")
        for (index, start) in stride(from: 0, to: hosts.count, by: Self.addressesPerServer).enumerated() {
            let served = hosts[start..<min(start + Self.addressesPerServer, hosts.count)]
            try tree.write(configuration(for: served, index: index), to: "/sshd_config.\(index)")
        }
    }

    /// SHLVL keeps bash from reading a `.bashrc` for every command.
    private func configuration(for hosts: ArraySlice<SandboxHost>, index: Int) -> String {
        let listen = hosts.map { "ListenAddress \($0.address ?? "")\n" }.joined()
        return listen + """
            HostKey \(directory)/host_key_ed25519
            HostKey \(directory)/host_key_ecdsa
            AuthorizedKeysFile \(directory)/client_key.pub
            PidFile \(directory)/sshd.pid.\(index)
            ForceCommand exec /bin/sh \(directory)/enter.sh \(directory)
            SetEnv SHLVL=5
            AcceptEnv LANG LC_*
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin yes
            PermitUserEnvironment no
            X11Forwarding no
            AllowAgentForwarding no
            UseDNS no
            LogLevel INFO
            MaxStartups 500
            MaxSessions 200
            MaxAuthTries 20
            Subsystem sftp /usr/lib/openssh/sftp-server

            """
    }

    /// Two kinds of host keys, as servers have them, and the key that opens the hosts.
    func makeKeys() async throws {
        for (name, kind) in [("host_key_ed25519", "ed25519"), ("host_key_ecdsa", "ecdsa"), ("client_key", "ed25519")] {
            let result = try await Subprocess.run(
                .name("ssh-keygen"),
                arguments: ["-q", "-t", kind, "-N", "", "-C", "fleet-sandbox", "-f", "\(directory)/\(name)"],
                output: .discarded, error: .string(limit: 4096))
            guard result.terminationStatus.isSuccess else {
                throw SandboxError(.startFailed, "ssh-keygen: \(result.standardError)")
            }
        }
    }

    /// The hosts' real keys, for each address with its port.
    func writeKnownHosts(port: Int) throws {
        let keys = try ["ed25519", "ecdsa"].map { kind in
            let text = try String(contentsOfFile: "\(directory)/host_key_\(kind).pub", encoding: .utf8)
            return text.split(separator: " ").prefix(2).joined(separator: " ")
        }
        let lines = hosts.flatMap { host in keys.map { "[\(host.address ?? "")]:\(port) \($0)\n" } }
        try SandboxTree(root: directory).write(lines.joined(), to: "/known_hosts")
    }
}
