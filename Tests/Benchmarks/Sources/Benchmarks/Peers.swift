import Foundation

/// Client CPU of other tools for the same work, where they are installed.
struct Peers {
    private let server: BenchmarkSSHD
    private let addresses: [String]

    init(_ server: BenchmarkSSHD, addresses: [String]) {
        self.server = server
        self.addresses = addresses
    }

    /// What `/usr/bin/ssh` takes for a host, in seconds; nil where there is none. It is slow: a few hosts are enough.
    func openSSH() throws -> Double? {
        let hosts = addresses.prefix(12)
        let options =
            "-F none -o BatchMode=yes -o UserKnownHostsFile=\(server.folder)/known_hosts -o IdentityAgent=none"
        let command = "ssh \(options) -i \(server.folder)/id -p \(server.port) -l \(server.user) \"$h\" true || exit 1"
        let script = "for h in \(hosts.joined(separator: " ")); do \(command); done"
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/ssh") else { return nil }
        return try cost(["/bin/sh", "-c", script]) / Double(hosts.count)
    }

    /// What parallel-ssh takes for a host, in seconds, its start included; nil where it is not installed.
    func parallelSSH(fanout: Int) throws -> Double? {
        let python = "/usr/bin/env"
        guard (try? cost([python, "python3", "-c", "import pssh"])) != nil else { return nil }
        let program = """
            import sys
            from pssh.clients import ParallelSSHClient
            client = ParallelSSHClient(
                sys.argv[4:], port=int(sys.argv[1]), user=sys.argv[2], pkey=sys.argv[3], pool_size=\(fanout),
                allow_agent=False)
            output = client.run_command("true")
            client.join(output)
            sys.exit(any(host.exit_code != 0 for host in output))
            """
        let arguments = [python, "python3", "-c", program, "\(server.port)", server.user, "\(server.folder)/id"]
        return try cost(arguments + addresses) / Double(addresses.count)
    }

    private func cost(_ arguments: [String]) throws -> Double {
        let before = Usage.ofChildren
        let process = Process()
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure("\(arguments[0]) failed") }
        return Usage.ofChildren.since(before)
    }
}
