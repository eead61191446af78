import FleetModel
import Foundation
import Testing

@testable import FleetSSH

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite(
    "Passwords at a real sshd", .enabled(if: SSHTools.areHere, "sshd is not installed"),
    .enabled(if: geteuid() == 0, "a password of one's own needs root and a mount namespace"), .timeLimit(.minutes(3)))
struct PasswordTests {
    static let password = "it's \"a\" pass wörd"

    private static func endpoint(_ server: LocalSSHD) -> HostEndpoint {
        var endpoint = server.endpoint()
        endpoint.identityFiles = []
        return endpoint
    }

    @Test("a password is accepted by each method", arguments: [LocalSSHD.PasswordMethod.password, .interactive])
    func accepted(method: LocalSSHD.PasswordMethod) async throws {
        let server = try LocalSSHD(password: (Self.password, method))
        let target = Self.endpoint(server)
        let report = try await withHosts {
            $0.password = { _ in Secret(Self.password) }
        } _: {
            await $0.run(.plain("echo in"), on: target)
        }
        #expect(report.standardOutput == "in\n", "\(report)")
    }

    @Test(
        "a wrong password is refused, and appears nowhere",
        arguments: [LocalSSHD.PasswordMethod.password, .interactive])
    func wrong(method: LocalSSHD.PasswordMethod) async throws {
        let server = try LocalSSHD(password: (Self.password, method))
        let target = Self.endpoint(server)
        let report = try await withHosts {
            $0.password = { _ in Secret("not-this-one") }
            $0.attempts = 1
        } _: {
            await $0.run(.plain("echo in"), on: target)
        }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(refusal.code == .authenticationFailed)
        #expect(refusal.message.contains("the password"), "\(refusal)")
        #expect(!"\(report)".contains("not-this-one"))
    }

    @Test("keys go first, and the password after them")
    func afterKeys() async throws {
        let server = try LocalSSHD(password: (Self.password, .password))
        let path = server.folder.path + "/unknown"
        try SSHTools.makeKey(path, type: "ed25519")
        let target = server.endpoint(identity: path)
        let report = try await withHosts {
            $0.password = { _ in Secret(Self.password) }
        } _: {
            await $0.run(.plain("true"), on: target)
        }
        #expect(report.outcome == .exited(0), "\(report)")
    }

    @Test("a secret shows itself nowhere")
    func secret() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])", "\(Optional(secret) as Any)"] {
            #expect(!text.contains("hunter2"))
        }
        #expect(secret.reveal { $0 } == "hunter2")
    }
}

/// Becoming root with a password, over programs that ask as sudo and su do.
@Suite("Become at a real sshd", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(3)))
struct BecomeTests {
    /// Asks as `sudo -S -p` does: again and again, three times at most, on standard error.
    private static let sudo = """
        #!/bin/sh
        [ "$1 $2" = "-S -p" ] || { echo "sudo: a password is required" >&2; exit 1; }
        prompt=$3
        shift 4
        for turn in 1 2 3; do
          printf %s "$prompt" >&2
          read -r word || exit 1
          [ "$word" = "open sesame" ] && { BECAME=root; export BECAME; "$@"; exit $?; }
          echo "Sorry, try again." >&2
        done
        exit 1

        """

    /// Needs no password, as with NOPASSWD or a fresh timestamp.
    private static let freeSudo = "#!/bin/sh\nshift 4\nexport BECAME=root\n\"$@\"\n"

    /// Asks as `su` does: in its own words, in a session of the command's own.
    private static let su = """
        #!/bin/sh
        [ "$1 $2 $3 $5" = "-s /bin/sh -c root" ] || exit 9
        printf 'Passwort: ' >&2
        read -r word
        echo >&2
        [ "$word" = "open sesame" ] || { echo "su: Authentication failure" >&2; exit 1; }
        BECAME=root setsid -w /bin/sh -c "$4"

        """

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var become: HostEndpoint.Become
        var program: String
    }

    static let rows = [
        Row(testDescription: "sudo that asks", become: .sudo, program: sudo),
        Row(testDescription: "sudo that does not ask", become: .sudo, program: freeSudo),
        Row(testDescription: "su", become: .su, program: su),
    ]

    private static func world(_ row: Row) throws -> (LocalSSHD, HostEndpoint) {
        let server = try LocalSSHD(programs: [row.become == .su ? "su" : "sudo": row.program])
        var endpoint = server.endpoint()
        endpoint.become = row.become
        return (server, endpoint)
    }

    @Test("root is reached, the password never in a process's arguments or the output", arguments: rows)
    func reached(_ row: Row) async throws {
        let (server, target) = try Self.world(row)
        defer { server.stop() }
        try await withHosts {
            $0.becomePassword = { _ in Secret("open sesame") }
        } _: { hosts in
            let script = "echo $BECAME; cat; ps -eo args | grep -c '[o]pen sesame'; exit 4"
            let report = await hosts.run(HostCommand(script: script), on: target)
            #expect(report.outcome == .exited(4), "\(report)")
            #expect(report.standardOutput == "root\n0\n")
            #expect(report.standardError == "")
        }
    }

    @Test("a command that takes too long is killed as root, with the password once more", arguments: rows)
    func killed(_ row: Row) async throws {
        let (server, target) = try Self.world(row)
        defer { server.stop() }
        try await withHosts {
            $0.becomePassword = { _ in Secret("open sesame") }
        } _: { hosts in
            let mark = 50_000 + Int.random(in: 0..<9999)
            let report = await hosts.run(HostCommand(script: "sleep \(mark)", timeoutSeconds: 1), on: target)
            #expect(report.outcome == .timedOut(.command))
            #expect(report.standardError.contains("was ended"), "\(report)")
            let left = await hosts.run(.plain("ps -eo args | grep -c '[s]leep \(mark)'"), on: target)
            #expect(left.standardOutput == "0\n")
        }
    }

    @Test("a wrong password is a refusal at once, and nothing of the script runs", arguments: [rows[0], rows[2]])
    func wrong(_ row: Row) async throws {
        let (server, target) = try Self.world(row)
        defer { server.stop() }
        let flag = server.folder.path + "/ran"
        let report = try await withHosts {
            $0.becomePassword = { _ in Secret("wrong-word") }
        } _: {
            await $0.run(HostCommand(script: ": >\(flag)"), on: target)
        }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(refusal.code == .becomeFailed)
        #expect(
            refusal.message.hasPrefix(row.become == .su ? "su gave no root shell" : "sudo gave no root shell"),
            "\(refusal)")
        #expect(!"\(report)".contains("wrong-word"))
        #expect(!"\(report)".contains("fleet-"))
        #expect(!FileManager.default.fileExists(atPath: flag))
    }

    @Test("without a password sudo is asked to ask nobody, and su is not tried to be answered")
    func none() async throws {
        for (row, words) in [(Self.rows[0], "or give the password"), (Self.rows[2], "su needs root's password")] {
            let (server, target) = try Self.world(row)
            defer { server.stop() }
            let report = try await withHosts { await $0.run(HostCommand(script: "true"), on: target) }
            guard case .refused(let refusal) = report.outcome else {
                Issue.record("\(report)")
                continue
            }
            #expect(refusal.code == .becomeFailed)
            #expect(refusal.message.contains(words), "\(refusal)")
        }
    }
}

@Suite("ProxyCommand", .enabled(if: SSHTools.areHere, "sshd is not installed"), .timeLimit(.minutes(2)))
struct ProxyCommandTests {
    /// Carries standard input and output to a port, with what every Linux has.
    private static func relay(_ server: LocalSSHD) -> String {
        "bash -c 'exec 3<>/dev/tcp/127.0.0.1/\(server.port); cat <&3 & cat >&3; kill $!'"
    }

    @Test("a child process carries the connection, and ends with it")
    func carries() async throws {
        let server = try LocalSSHD()
        var endpoint = server.endpoint()
        endpoint.proxyCommand = Self.relay(server)
        let target = endpoint
        try await withHosts { hosts in
            let report = await hosts.run(.plain("echo through; exit 3"), on: target)
            #expect(report.outcome == .exited(3), "\(report)")
            #expect(report.standardOutput == "through\n")
            let again = await hosts.run(.plain("head -c 300000 /dev/zero | tr '\\0' x"), on: target)
            #expect(again.standardOutput.utf8.count == 300_000)
        }
        let mark = "/dev/tcp/127.0.0.1/\(server.port)"
        try await waitUntilGone(mark)
    }

    /// Waits until no process names a word in its arguments.
    private func waitUntilGone(_ word: String) async throws {
        for _ in 0..<200 {
            if try ChildProcess(["/usr/bin/pgrep", "-f", word]).wait() == 1 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the ProxyCommand still runs")
    }

    @Test("a command that fails is told; the host was never reached")
    func fails() async throws {
        let server = try LocalSSHD()
        var endpoint = server.endpoint()
        endpoint.proxyCommand = "false"
        let target = endpoint
        let report = try await withHosts {
            $0.attempts = 1
        } _: {
            await $0.run(.plain("true"), on: target)
        }
        guard case .neverStarted(let words) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(words.contains("the ProxyCommand closed the connection"), "\(words)")
    }

    @Test("no descriptor left for a command's second stream is told, and leaves none open")
    func descriptors() throws {
        let free = Self.twoFree
        var usual = rlimit()
        try #require(getrlimit(openFiles, &usual) == 0)
        var scarce = usual
        scarce.rlim_cur = rlim_t(free[1] + 1)
        try #require(setrlimit(openFiles, &scarce) == 0)
        let failure = #expect(throws: ProxyProcess.Failure.self) { try ProxyProcess("sleep 5") }
        try #require(setrlimit(openFiles, &usual) == 0)
        #expect(failure?.words == "Too many open files")
        #expect(Self.twoFree[1] <= free[1])
    }

    /// The two lowest descriptors that are free.
    private static var twoFree: [CInt] {
        let descriptors = (0..<2).map { _ in open("/dev/null", O_RDONLY) }
        descriptors.forEach { closeDescriptor($0) }
        return descriptors.sorted()
    }

    #if canImport(Glibc)
    private let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private let openFiles = RLIMIT_NOFILE
    #endif

    @Test("the host's key is judged behind a command as anywhere")
    func judged() async throws {
        let server = try LocalSSHD()
        try server.know("")
        var endpoint = server.endpoint()
        endpoint.proxyCommand = Self.relay(server)
        let target = endpoint
        let report = try await withHosts { await $0.run(.plain("true"), on: target) }
        guard case .refused(let refusal) = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(refusal.code == .hostKeyUnknown)
    }
}
