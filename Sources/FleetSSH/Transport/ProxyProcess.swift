internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A `ProxyCommand`: a shell in a process group of its own, which carries the connection on its standard streams.
struct ProxyProcess {
    /// The shell, and its process group.
    private let pid: pid_t
    /// Our end of the socket that is its standard output.
    let output: CInt
    /// The same as its standard input: a descriptor of its own.
    let input: CInt

    /// Why none could be started.
    struct Failure: Error { var words: String }

    /// Seconds that a proxy has to end by itself.
    private static let graceTenths = 20

    /// Starts the shell; its standard error is ours, as ssh(1) has it.
    init(_ command: String) throws {
        var ends: [CInt] = [-1, -1]
        // Closed in whatever is started meanwhile, at once, so that nobody else holds the connection open.
        guard socketpair(AF_UNIX, Self.socketType, 0, &ends) == 0 else { throw Failure.now }
        let second = fcntl(ends[0], F_DUPFD_CLOEXEC, 0)
        let child = second < 0 ? nil : Self.spawn(command, standardStreams: ends[1])
        let failure = Failure.now
        close(ends[1])
        guard let child else {
            for descriptor in [ends[0], second] where descriptor >= 0 { close(descriptor) }
            throw failure
        }
        (pid, output, input) = (child, ends[0], second)
    }

    private static var socketType: CInt {
        #if canImport(Glibc)
        CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        #else
        SOCK_STREAM
        #endif
    }

    /// Ends it and everything it started, in the background.
    func end() {
        kill(-pid, SIGTERM)
        NIOThreadPool.singleton.submit { [pid] _ in
            for _ in 0..<Self.graceTenths {
                guard waitpid(pid, nil, WNOHANG) == 0 else { return }
                usleep(100_000)
            }
            kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }

    private static func spawn(_ command: String, standardStreams: CInt) -> pid_t? {
        #if canImport(Glibc)
        var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
        #else
        var (actions, attributes): (posix_spawn_file_actions_t?, posix_spawnattr_t?) = (nil, nil)
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for stream: CInt in [0, 1] { posix_spawn_file_actions_adddup2(&actions, standardStreams, stream) }
        var (none, usual) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigemptyset(&usual)
        for signal in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&usual, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let words = ["sh", "-c", "exec \(command)"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &arguments, environ)
        if code != 0 { errno = code }
        return code == 0 ? pid : nil
    }
}

extension ProxyProcess.Failure {
    fileprivate static var now: ProxyProcess.Failure {
        ProxyProcess.Failure(words: strerror(errno).map { String(cString: $0) } ?? "error \(errno)")
    }
}
