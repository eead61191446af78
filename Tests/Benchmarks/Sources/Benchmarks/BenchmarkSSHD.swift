import BareLoop
import FleetModel
import Foundation

/// One sshd on all of 127.0.0.0/8, so that each loopback address stands for a host.
final class BenchmarkSSHD {
    static let daemon = "/usr/sbin/sshd"

    let port: Int
    let user = NSUserName()
    /// The secret of the user's key, from which both engines make their own.
    let seed: [UInt8] = (0..<32).map { _ in .random(in: .min ... .max) }
    let folder = NSTemporaryDirectory() + "fleet-bench-\(UUID().uuidString)"
    private var process: Process?

    init() throws {
        port = .random(in: 20_000..<32_000)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/host")
        try write(Self.pem(seed), to: "key")
        // For tools that read no key of RFC 8410.
        try Self.run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/id")
        let other = try String(contentsOfFile: "\(folder)/id.pub", encoding: .utf8)
        try write("\(Self.publicKey(seed))\n\(other)", to: "authorized_keys")
        try write(
            """
            Port \(port)
            ListenAddress 0.0.0.0
            HostKey \(folder)/host
            AuthorizedKeysFile \(folder)/authorized_keys
            PidFile none
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            PermitRootLogin yes
            MaxStartups 5000
            SetEnv SHLVL=5

            """, to: "config")
        try start()
    }

    /// Ends the daemon and removes its folder.
    func stop() {
        process?.terminate()
        process?.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// So many addresses of 127.0.0.0/8.
    func addresses(_ count: Int) -> [String] {
        (0..<count).map { "127.\(1 + $0 / 62_500).\(1 + $0 / 250 % 250).\(1 + $0 % 250)" }
    }

    /// Endpoints whose keys are known.
    func endpoints(_ addresses: [String]) throws -> [HostEndpoint] {
        let key = try String(contentsOfFile: "\(folder)/host.pub", encoding: .utf8).split(separator: " ").prefix(2)
        let lines = addresses.map { "[\($0)]:\(port) \(key.joined(separator: " "))\n" }
        try write(lines.joined(), to: "known_hosts")
        return addresses.map { address in
            HostEndpoint(
                name: address, address: address, port: port, user: user, identityFiles: ["\(folder)/key"],
                knownHostsFiles: ["\(folder)/known_hosts"])
        }
    }

    /// One host behind a port of 127.0.0.1, such as that of a slow path.
    func endpoint(port: Int) throws -> HostEndpoint {
        let key = try String(contentsOfFile: "\(folder)/host.pub", encoding: .utf8).split(separator: " ").prefix(2)
        try write("[127.0.0.1]:\(port) \(key.joined(separator: " "))\n", to: "known_hosts.path")
        return HostEndpoint(
            name: "far", address: "127.0.0.1", port: port, user: user, identityFiles: ["\(folder)/key"],
            knownHostsFiles: ["\(folder)/known_hosts.path"])
    }

    /// As root sshd wants /run/sshd, which is made in a mount namespace of its own.
    private func start() throws {
        let log = "\(folder)/log"
        let daemon = [Self.daemon, "-D", "-E", log, "-f", "\(folder)/config"]
        let prepare = #"mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec "$@""#
        let arguments = geteuid() == 0 ? ["/usr/bin/unshare", "-m", "sh", "-c", prepare, "sh"] + daemon : daemon
        let process = Process()
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        let deadline = ContinuousClock.now + .seconds(20)
        while !((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").contains("Server listening") {
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw Failure("sshd does not listen: \(log)")
            }
            usleep(20_000)
        }
    }

    private func write(_ text: String, to name: String) throws {
        let isWritten = FileManager.default.createFile(
            atPath: "\(folder)/\(name)", contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard isWritten else { throw Failure("\(folder)/\(name) cannot be written") }
    }

    /// RFC 8410.
    private static func pem(_ seed: [UInt8]) -> String {
        let prefix: [UInt8] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]
        return "-----BEGIN PRIVATE KEY-----\n\(Data(prefix + seed).base64EncodedString())\n-----END PRIVATE KEY-----\n"
    }

    private static func publicKey(_ seed: [UInt8]) -> String {
        var key = [UInt8](repeating: 0, count: 32)
        bare_public_key(seed, &key)
        let blob = [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + key
        return "ssh-ed25519 \(Data(blob).base64EncodedString())"
    }

    private static func run(_ program: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure("\(program) failed") }
    }
}
