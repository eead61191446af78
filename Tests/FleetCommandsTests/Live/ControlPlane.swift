import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager and kube-scheduler of the folder that
/// `KUBEBUILDER_ASSETS` names (the convention of controller-runtime's envtest), with an administrator's kubeconfig.
struct ControlPlane {
    /// The folder of the binaries; nil where none is named.
    static let assets = ProcessInfo.processInfo.environment["KUBEBUILDER_ASSETS"].flatMap { $0.isEmpty ? nil : $0 }

    let folder: TemporaryFolder
    let server: String
    let token: String
    /// The CA's certificate, PEM.
    let authority: String
    private let supervisor: Supervisor

    var kubeconfig: String { "\(folder.path)/kubeconfig" }
    var authorityFile: String { "\(folder.path)/ca.crt" }

    /// Starts one, hands it to a body once its API is ready, and ends every process.
    static func with(_ body: (ControlPlane) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let plane = try await start(in: folder)
        do {
            try await body(plane)
            await plane.supervisor.stop()
        } catch {
            await plane.supervisor.stop()
            throw error
        }
    }

    private static func start(in folder: TemporaryFolder) async throws -> ControlPlane {
        let assets = try #require(assets)
        try await makeCertificates(folder)
        let token = UUID().uuidString
        _ = try folder.write("\(token),admin,admin,\"system:masters\"\n", to: "tokens.csv")
        _ = try folder.write(auditPolicy, to: "audit.yaml")
        let port = Int.random(in: 20_000...32_000)
        let script = try folder.write(script, to: "control-plane.sh")
        let supervisor = try Supervisor([script, assets, folder.path, "\(port)"], log: "\(folder.path)/supervisor.log")
        let plane = ControlPlane(
            folder: folder, server: "https://127.0.0.1:\(port)", token: token,
            authority: try String(contentsOfFile: "\(folder.path)/ca.crt", encoding: .utf8), supervisor: supervisor)
        _ = try folder.write(plane.kubeconfig(token: token), to: "kubeconfig")
        do {
            try await eventually("the control plane is up: \(folder.path)/supervisor.log") {
                guard supervisor.isRunning else {
                    throw Unavailable(
                        reason: (try? String(contentsOfFile: "\(folder.path)/supervisor.log", encoding: .utf8)) ?? "")
                }
                return FileManager.default.fileExists(atPath: "\(folder.path)/ready")
            }
        } catch {
            await supervisor.stop()
            throw error
        }
        return plane
    }

    /// A kubeconfig for the bearer of a token.
    func kubeconfig(token: String) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: live
        clusters: [{name: live, cluster: {server: "\(server)", certificate-authority-data: \(Data(authority.utf8).base64EncodedString())}}]
        contexts: [{name: live, context: {cluster: live, user: tester}}]
        users: [{name: tester, user: {token: \(token)}}]

        """
    }

    private static let auditPolicy = """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules: [{level: Metadata}]

        """

    private static func makeCertificates(_ folder: TemporaryFolder) async throws {
        let file = { (name: String) in "\(folder.path)/\(name)" }
        let names = try folder.write(
            "subjectAltName=IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes\n", to: "san.cnf")
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        let commands = [
            ["req", "-x509"] + curve + [
                "-keyout", file("ca.key"), "-out", file("ca.crt"), "-days", "2", "-subj", "/CN=fleet-live-ca",
            ],
            ["req"] + curve + [
                "-keyout", file("server.key"), "-out", file("server.csr"), "-subj", "/CN=kube-apiserver",
            ],
            [
                "x509", "-req", "-in", file("server.csr"), "-CA", file("ca.crt"), "-CAkey", file("ca.key"),
                "-CAcreateserial",
                "-out", file("server.crt"), "-days", "2", "-extfile", names,
            ],
            ["genrsa", "-out", file("sa.key"), "2048"],
            ["rsa", "-in", file("sa.key"), "-pubout", "-out", file("sa.pub")],
        ]
        for command in commands { _ = try await FleetBinary.tool("openssl", command) }
    }

    /// Starts the four programs and ends them when standard input ends, however the test ends.
    private static let script = #"""
        # usage: control-plane.sh ASSETS DIRECTORY PORT
        set -u
        assets=$1 port=$3
        cd "$2" || exit 1
        pids=
        start() {
            name=$1
            shift
            "$assets/$name" "$@" >"$name.log" 2>&1 </dev/null &
            pids="$! $pids"
        }
        finish() {
            kill $pids
            for n in $(seq 50); do kill -0 $pids 2>/dev/null || break; sleep 0.1; done
            kill -KILL $pids 2>/dev/null
            exit "$1"
        }
        for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
            [ -x "$assets/$name" ] || { echo "there is no $assets/$name"; exit 1; }
        done
        start etcd --data-dir etcd --listen-client-urls "http://127.0.0.1:$((port + 1))" \
            --advertise-client-urls "http://127.0.0.1:$((port + 1))" --listen-peer-urls "http://127.0.0.1:$((port + 2))" \
            --unsafe-no-fsync
        start kube-apiserver --etcd-servers "http://127.0.0.1:$((port + 1))" --bind-address 127.0.0.1 \
            --advertise-address 127.0.0.1 --secure-port "$port" --tls-cert-file server.crt --tls-private-key-file server.key \
            --client-ca-file ca.crt --token-auth-file tokens.csv --authorization-mode Node,RBAC \
            --service-account-issuer https://kubernetes.default.svc --service-account-key-file sa.pub \
            --service-account-signing-key-file sa.key --service-cluster-ip-range 10.0.0.0/24 --enable-bootstrap-token-auth \
            --audit-policy-file audit.yaml --audit-log-path audit.log --endpoint-reconciler-type none
        n=0
        until curl -sf --cacert ca.crt "https://127.0.0.1:$port/readyz" >/dev/null; do
            n=$((n + 1))
            if [ $n -gt 600 ]; then echo "the API did not become ready"; tail -n 5 kube-apiserver.log; finish 1; fi
            sleep 0.2
        done
        start kube-controller-manager --kubeconfig kubeconfig --service-account-private-key-file sa.key --root-ca-file ca.crt \
            --leader-elect=false --kube-api-qps 500 --kube-api-burst 1000 --bind-address 127.0.0.1 --secure-port "$((port + 3))" \
            --controllers '*,bootstrapsigner,tokencleaner'
        start kube-scheduler --kubeconfig kubeconfig --leader-elect=false --kube-api-qps 500 --kube-api-burst 1000 \
            --bind-address 127.0.0.1 --secure-port "$((port + 4))"
        touch ready
        cat >/dev/null
        finish 0

        """#
}

/// Why something real could not be had.
struct Unavailable: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}

/// Waits for a condition, two minutes at most.
func eventually(_ claim: String, within limit: Duration = .seconds(120), _ holds: () async throws -> Bool) async throws
{
    let deadline = ContinuousClock.now + limit
    while try await !holds() {
        guard ContinuousClock.now < deadline else { throw Unavailable(reason: "not within \(limit): \(claim)") }
        try await Task.sleep(for: .milliseconds(100))
    }
}

/// A shell script that lives as long as its standard input is open here.
final class Supervisor: Sendable {
    private let process = Process()
    private let input = Pipe()

    var isRunning: Bool { process.isRunning }

    init(_ arguments: [String], log: String) throws {
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = arguments
        process.standardInput = input
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = FileHandle(forWritingAtPath: log) ?? .nullDevice
        process.standardOutput = output
        process.standardError = output
        for handle in [input.fileHandleForWriting, input.fileHandleForReading] {
            _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        try process.run()
        try? input.fileHandleForReading.close()
    }

    /// Closes its input and waits for its end.
    func stop() async {
        try? input.fileHandleForWriting.close()
        for _ in 0..<500 where process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }
}
