import FleetModel
import FleetReport
import FleetRun
import FleetRuntime
import FleetSSH

/// Looks at hosts, a few at a time, over one connection each: as the login user, then as root.
struct DoctorFlow {
    let targets: [ExecTarget]
    let secrets: Secrets
    let forks: Int
    let output: Output

    /// Somebody to look at.
    private struct Patient: Sendable {
        var name: String
        var isJumpHost: Bool
        var endpoint: Result<HostEndpoint, HostRefusal>
    }

    /// The checkups: jump hosts first, then the hosts in their order.
    func run() async -> [Checkup] {
        OpenFiles.allow(forks)
        var settings = SSHSettings()
        settings.parallelism = forks
        // Kept for the second look, and no longer than the doctor is there.
        settings.idleSeconds = 20
        secrets.give(to: &settings)
        settings.warn = { [output] in output.warning($0) }
        let hosts = await SSHHosts(settings)
        let checkups = await look(at: patients, over: hosts)
        await hosts.close()
        return checkups
    }

    private func look(at patients: [Patient], over hosts: SSHHosts) async -> [Checkup] {
        await withTaskGroup(of: (Int, Checkup).self) { group in
            var waiting = patients.enumerated().makeIterator()
            func next() {
                guard let (position, patient) = waiting.next() else { return }
                group.addTask { (position, await Self.look(at: patient, over: hosts)) }
            }
            for _ in 0..<forks { next() }
            var checkups: [Checkup?] = patients.map { _ in nil }
            while let (position, checkup) = await group.next() {
                checkups[position] = checkup
                next()
            }
            return checkups.compactMap(\.self)
        }
    }

    private static func look(at patient: Patient, over hosts: SSHHosts) async -> Checkup {
        let clock = RuntimeClock()
        let begun = clock.now
        switch patient.endpoint {
        case .failure(let refusal):
            return Checkup(
                CheckupEvidence(
                    host: patient.name, user: "", isJumpHost: patient.isJumpHost,
                    report: HostReport(outcome: .refused(refusal)), startedAt: begun, endedAt: begun))
        case .success(let endpoint):
            let report = await hosts.run(.checkup(becomesRoot: false), on: endpoint)
            var evidence = CheckupEvidence(
                host: patient.name, user: endpoint.user, isJumpHost: patient.isJumpHost, report: report,
                startedAt: begun, endedAt: clock.now)
            if report.outcome.isSuccess, endpoint.become != .none {
                evidence.rootReport = await hosts.run(.checkup(becomesRoot: true), on: endpoint)
            }
            return Checkup(evidence)
        }
    }

    /// Every jump host once, with what is before it; then the hosts.
    private var patients: [Patient] {
        var known: Set<HostEndpoint> = []
        var jumps: [Patient] = []
        for case .success(let endpoint) in targets.map(\.endpoint) {
            for (position, jump) in endpoint.jumps.enumerated() {
                var jump = jump
                jump.jumps = Array(endpoint.jumps[..<position])
                guard known.insert(jump).inserted else { continue }
                jumps.append(Patient(name: jump.name, isJumpHost: true, endpoint: .success(jump)))
            }
        }
        return jumps
            + targets.map { Patient(name: $0.host.rawValue, isJumpHost: false, endpoint: $0.endpoint) }
    }
}
