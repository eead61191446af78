import FleetModel
import Foundation
import Testing

@testable import FleetSSH

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Whether this machine has an sshd; where CI is set it must.
enum SSHTools {
    static let daemon = "/usr/sbin/sshd"

    static var areHere: Bool {
        ProcessInfo.processInfo.environment["CI"] != nil || FileManager.default.isExecutableFile(atPath: daemon)
    }

    static func run(_ arguments: [String]) throws {
        try #require(try ChildProcess(arguments).wait() == 0, "\(arguments.joined(separator: " "))")
    }

    /// A new key pair.
    static func makeKey(_ path: String, type: String, bits: Int? = nil, passphrase: String = "", more: [String] = [])
        throws
    {
        let size = bits.map { ["-b", String($0)] } ?? []
        try run(["/usr/bin/ssh-keygen", "-q", "-t", type, "-N", passphrase, "-f", path] + size + more)
    }

    /// A port of 127.0.0.1 that was free a moment ago.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try #require(bind(descriptor, address, length) == 0)
                try #require(getsockname(descriptor, address, &length) == 0)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// A real sshd on loopback with its own keys and files, ended by its pid.
final class LocalSSHD {
    let folder: URL
    let port: Int
    let addresses: [String]
    private var process: ChildProcess?
    let user = NSUserName()

    var identity: String { folder.path + "/id_ed25519" }
    var knownHosts: String { folder.path + "/known_hosts" }
    var log: String { (try? String(contentsOfFile: folder.path + "/sshd.log", encoding: .utf8)) ?? "" }

    /// How a password may be given.
    enum PasswordMethod: String, Sendable { case password, interactive }

    init(
        hostKeys: [String] = ["ed25519"], addresses: [String] = ["127.0.0.1"], config: String = "",
        programs: [String: String] = [:], maxStartups: String = "500",
        password: (text: String, method: PasswordMethod)? = nil
    ) throws {
        folder = URL(filePath: NSTemporaryDirectory() + "fleet-sshd-\(UUID().uuidString)")
        port = try SSHTools.freePort()
        self.addresses = addresses
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try SSHTools.makeKey(folder.path + "/id_ed25519", type: "ed25519")
        for type in hostKeys { try SSHTools.makeKey("\(folder.path)/host_\(type)", type: type) }
        for (name, text) in programs {
            let path = "\(folder.path)/\(name)"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        try authorize("id_ed25519")
        let path = programs.isEmpty ? "" : " PATH=\(folder.path):/usr/sbin:/usr/bin:/sbin:/bin"
        let lines =
            ["Port \(port)"] + addresses.map { "ListenAddress \($0)" }
            + hostKeys.map { "HostKey \(folder.path)/host_\($0)" } + [
                "AuthorizedKeysFile \(folder.path)/authorized_keys", "PidFile none", "StrictModes no",
                "UsePAM \(password?.method == .interactive ? "yes" : "no")",
                "PasswordAuthentication \(password?.method == .password ? "yes" : "no")",
                "KbdInteractiveAuthentication \(password?.method == .interactive ? "yes" : "no")",
                "PermitRootLogin yes",
                "MaxStartups \(maxStartups)", "SetEnv SHLVL=5\(path)", config,
            ]
        try lines.joined(separator: "\n").write(toFile: folder.path + "/config", atomically: true, encoding: .utf8)
        if let password { try setPassword(password.text) }
        try start()
        try knowHosts(hostKeys)
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    func stop() {
        process?.terminate()
        process = nil
    }

    /// Stops the daemon where it is: the kernel still takes connections for it.
    func hang() {
        if let process { kill(process.pid, SIGSTOP) }
    }

    /// Lets it go on.
    func wake() {
        if let process { kill(process.pid, SIGCONT) }
    }

    /// Stops it, and fills its queue of connections: whoever connects now is not answered before ``answer(_:)``.
    func silence() -> [CInt] {
        hang()
        return (0..<200).map { _ in
            let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            _ = fcntl(client, F_SETFL, O_NONBLOCK)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            return client
        }
    }

    /// Lets it go on, and takes the connections back that filled its queue.
    func answer(_ clients: [CInt]) {
        clients.forEach { closeDescriptor($0) }
        wake()
    }

    func authorize(_ name: String) throws {
        let line = try String(contentsOfFile: "\(folder.path)/\(name).pub", encoding: .utf8)
        let path = folder.path + "/authorized_keys"
        let present = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        try (present + line).write(toFile: path, atomically: true, encoding: .utf8)
    }

    func publicHostKey(_ type: String) throws -> String {
        let text = try String(contentsOfFile: "\(folder.path)/host_\(type).pub", encoding: .utf8)
        return text.split(separator: " ").prefix(2).joined(separator: " ")
    }

    func know(_ text: String) throws { try text.write(toFile: knownHosts, atomically: true, encoding: .utf8) }

    func endpoint(_ address: String? = nil, identity: String? = nil) -> HostEndpoint {
        let address = address ?? addresses[0]
        return HostEndpoint(
            name: "node-\(address)", address: address, port: port, user: user,
            identityFiles: [identity ?? self.identity], knownHostsFiles: [knownHosts])
    }

    private func knowHosts(_ types: [String]) throws {
        let lines = try addresses.flatMap { address in
            try types.map { "[\(address)]:\(port) \(try publicHostKey($0))\n" }
        }
        try know(lines.joined())
    }

    /// A shadow file of the tests' own, which the daemon sees in the place of the machine's.
    private func setPassword(_ text: String) throws {
        let path = folder.path + "/hash"
        try #require(try ChildProcess(["/usr/bin/openssl", "passwd", "-6", text], output: path).wait() == 0)
        let hash = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")[0]
        try "\(user):\(hash):19000:0:99999:7:::\n".write(
            toFile: folder.path + "/shadow", atomically: true, encoding: .utf8)
    }

    /// As root sshd wants /run/sshd, which is made in a mount namespace of its own, so that the machine is not touched.
    private func start() throws {
        let daemon = [SSHTools.daemon, "-D", "-E", folder.path + "/sshd.log", "-f", folder.path + "/config"]
        let shadow = folder.path + "/shadow"
        let isOwn = FileManager.default.fileExists(atPath: shadow)
        let bind = isOwn ? "mount --bind \(shadow) /etc/shadow && " : ""
        let prepare = bind + #"mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec "$@""#
        let isolated = ["/usr/bin/unshare", "-m", "sh", "-c", prepare, "sh"]
        let process = try ChildProcess((geteuid() == 0 ? isolated : []) + daemon)
        self.process = process
        let deadline = Date(timeIntervalSinceNow: 10)
        while !log.contains("Server listening") {
            try #require(!process.hasEnded() && Date() < deadline, "sshd does not listen: \(log)")
            usleep(20_000)
        }
    }
}

/// Hosts with short deadlines, closed after the test.
func withHosts<Value>(
    _ change: (inout SSHSettings) -> Void = { _ in }, _ body: (SSHHosts) async throws -> Value
) async throws -> Value {
    var settings = SSHSettings()
    settings.retryMilliseconds = 20
    settings.killGraceSeconds = 1
    change(&settings)
    let hosts = await SSHHosts(settings)
    do {
        let value = try await body(hosts)
        await hosts.close()
        return value
    } catch {
        await hosts.close()
        throw error
    }
}

extension HostCommand {
    /// A command of the login user, with a deadline that no healthy test meets.
    static func plain(_ script: String, _ timeout: Int64 = 60, limit: Int = 1 << 20) -> HostCommand {
        HostCommand(script: script, becomesRoot: false, timeoutSeconds: timeout, outputLimit: limit)
    }
}

/// Waits until a script has made a file, at most half a minute.
func fileAppears(_ path: String) async throws {
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: path) {
        try await Task.sleep(for: .milliseconds(50))
    }
    try #require(FileManager.default.fileExists(atPath: path))
}

/// Waits until something is so, at most half a minute.
func waitUntil(_ condition: @autoclosure () -> Bool) async throws {
    for _ in 0..<600 where !condition() { try await Task.sleep(for: .milliseconds(50)) }
    try #require(condition())
}
