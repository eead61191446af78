import FleetModel
import Foundation
import Testing

@testable import FleetCommands

/// What a script on a host prints of the secrets that it was given is nowhere repeated.
@Suite("Secrets of scripts on hosts", .serialized, .needsHosts)
struct HostSecretTests {
    @Test("neither output, report, registered result nor journal holds one; other values stay", .timeLimit(.minutes(3)))
    func nowhere() async throws {
        let host = SandboxHost(
            name: "new-1", role: .fresh, internalIP: "10.9.0.1", clusterCertificate: HostWorld.certificate)
        try await HostWorld.with([host]) { world in
            let inventory = try world.inventory(["new-1": ["db: {password: correct-horse}", "plain: web-frontend"]])
            let playbook = try world.folder.write(
                """
                name: secrets
                hosts: all
                waves: {soak: 0s, max_unavailable: 100%}
                steps:
                  - register: probe
                    run:
                      script: 'echo "$PLAIN $API_TOKEN $WORD" {{ db.password }}; echo "$API_TOKEN" | sha256sum >/srv/sum'
                      env: {PLAIN: "{{ plain }}", API_TOKEN: "{{ given }}"}
                      secrets: {WORD: "{{ word }}"}
                  - {when: "'web-frontend (secret)' in probe.output", run: {become: false, script: 'echo "$API_TOKEN"; echo "$API_TOKEN" >&2; touch /srv/seen', env: {API_TOKEN: "{{ given }}"}}}
                  - run: {script: 'set -x; : "$API_TOKEN" {{ db.password }}; exit 3', env: {API_TOKEN: "{{ given }}"}}
                """, to: "secrets.yaml")
            let extra = ["-e", "given=battery-staple", "-e", "word=ended-running"]
            let result = try await FleetBinary(directory: world.folder.path).run(
                list: ["run", playbook, "-i", inventory, "--yes", "--output", "json", "--kubeconfig", world.kubeconfig]
                    + extra)
            #expect(result.status == 1, "\(result.error)")
            #expect(result.output.contains("exited 3") && result.output.contains("(secret)"), "\(result.output)")
            let sum = try await world.hosts.read(
                "new-1", "printf 'battery-staple\\n' | sha256sum | cmp - /srv/sum && ls /srv/seen")
            #expect(sum.output == "/srv/seen\n", "the script had the value, and the registered result was as told")
            let report = try await world.run("report", "--output", "json", "--events")
            let state = try FileManager.default.contentsOfDirectory(atPath: world.folder.path)
                .filter { $0.hasPrefix("fleet.sqlite") && !$0.hasSuffix(".locks") }
                .map { try Data(contentsOf: URL(fileURLWithPath: "\(world.folder.path)/\($0)")) }
            #expect(!state.isEmpty)
            for secret in ["battery-staple", "correct-horse", "ended-running"] {
                #expect(!(result.output + result.error + report.output + report.error).contains(secret))
                #expect(state.allSatisfy { $0.range(of: Data(secret.utf8)) == nil })
            }
        }
    }
}
