import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A child process without Foundation's run loop, which must not be waited for on the test's threads.
struct ChildProcess {
    let pid: pid_t

    /// Starts a program with no standard input; its output goes to files where they are named.
    init(
        _ arguments: [String], output: String = "/dev/null", error: String = "/dev/null",
        environment: [String: String] = [:]
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // A thread of the tests may have every signal blocked, which a child would inherit and never end.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"]
            .merging(environment) { $1 }.map { "\($0)=\($1)" }
        var (argv, envp) = (arguments.map { strdup($0) } + [nil], variables.map { strdup($0) } + [nil])
        defer { (argv + envp).forEach { free($0) } }
        var pid = pid_t()
        try #require(posix_spawn(&pid, arguments[0], &actions, &attributes, &argv, &envp) == 0, "\(arguments[0])")
        self.pid = pid
    }

    /// Waits for the end; the status as a shell has it.
    @discardableResult
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    /// Whether it has ended; reaps it.
    func hasEnded() -> Bool { waitpid(pid, nil, WNOHANG) != 0 }

    /// Ends it by its pid.
    func terminate() {
        kill(pid, SIGTERM)
        wait()
    }
}
