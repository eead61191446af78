import Foundation

/// Client CPU of other tools for the same work, where they are installed.
struct Peers {
    private let server: BenchmarkSSHD
    private let addresses: [String]

    init(_ server: BenchmarkSSHD, addresses: [String]) {
        self.server = server
        self.addresses = addresses
    }

    /// What `/usr/bin/ssh` takes for a host, in seconds; nil where there is none.
    ///
    /// It is slow: a few hosts are enough.
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

    /// CPU seconds of a program and of those that it waited for.
    ///
    /// Foundation's `Process` may wait for ever on a thread without a run loop.
    private func cost(_ arguments: [String]) throws -> Double {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream: CInt in 0...2 { posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0) }
        var words = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var pid = pid_t()
        guard posix_spawn(&pid, arguments[0], &actions, nil, &words, environ) == 0 else {
            throw Failure("\(arguments[0]) cannot be started")
        }
        var (status, usage) = (CInt(0), rusage())
        while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
        guard status == 0 else { throw Failure("\(arguments[0]) failed") }
        return Usage(usage).total
    }
}
