#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The limit of open files, of which every connection takes some.
enum OpenFiles {
    /// Descriptors that fleet itself needs beside its connections.
    private static let own = 64
    /// What a connection takes at most: two with a ProxyCommand, and one more while that is started.
    private static let perConnection = 3

    /// Raises the soft limit for so many connections, as far as the hard limit permits.
    static func allow(_ connections: Int) {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        let wanted = rlim_t(connections * perConnection + own)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        setrlimit(resource, &limit)
    }
}
