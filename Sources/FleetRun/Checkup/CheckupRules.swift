import FleetModel

/// What evidence comes to, rule by rule.
enum CheckupRules {
    typealias Finding = Checkup.Finding

    static let all: [@Sendable (CheckupEvidence) -> [Finding]] = [
        { ReachRules.reach($0).map { [$0] } ?? [] }, root, tools, readOnly, disks, clock, slowShell, slowLogin,
        maxStartups, maxSessions, forwarding,
    ]

    /// Unauthenticated connections that fleet opens to one sshd at once.
    static let unauthenticated = 8
    /// Commands that fleet runs over one connection at once, and one that can stop them.
    static let channels = 9

    static let root: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        guard let report = evidence.rootReport, !report.outcome.isSuccess else { return [] }
        let code: HostRefusal.Code?
        let words: String
        if case .refused(let refusal) = report.outcome {
            (code, words) = (refusal.code, refusal.message)
        } else {
            (code, words) = (nil, report.outcome.summary)
        }
        guard code == .becomeFailed else {
            return [
                Finding(
                    "root-look-failed", .blocker, "the look as root did not come to its end", evidence: words,
                    mend: "run it by hand: fleet exec \(evidence.host) --become -- id")
            ]
        }
        return [
            Finding(
                "no-root", .blocker, "the login user \(evidence.user) cannot become root", evidence: words,
                mend:
                    "echo '\(evidence.user) ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/fleet on the host, or give the password: --ask-become-pass"
            )
        ]
    }

    static let tools: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        guard let missing = evidence.facts?.missing, !missing.isEmpty else { return [] }
        return [
            Finding(
                "tools-missing", .blocker,
                "programs that fleet's scripts need are missing: \(missing.joined(separator: ", "))",
                mend: "install coreutils, util-linux, gawk or mawk, sed and grep (Python is not needed)")
        ]
    }

    static let readOnly: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        (evidence.rootFacts ?? evidence.facts)?.readOnly.map { path in
            Finding(
                "read-only", .blocker, "nothing can be written in \(path)",
                mend: "read dmesg for errors of the disk, then: mount -o remount,rw \(path)")
        } ?? []
    }

    static let disks: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        (evidence.facts?.disks ?? []).compactMap { disk in
            let isFull = disk.used >= 98 || disk.inodes >= 98 || disk.freeKiB < 64 << 10
            guard isFull || disk.used >= 90 || disk.inodes >= 90 else { return nil }
            let free = "\(disk.freeKiB / 1024) MiB free"
            return Finding(
                isFull ? "disk-full" : "disk-nearly-full", isFull ? .blocker : .warning,
                isFull ? "a file system is full" : "a file system is nearly full",
                evidence: "\(disk.path): \(disk.used) % of space and \(disk.inodes) % of inodes used, \(free)",
                mend: "see what takes the space: du -xh --max-depth=2 \(disk.path) | sort -h | tail")
        }
    }

    /// Certificates and tokens are judged by the host's clock; two seconds are the clock's grain and the way there.
    static let clock: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        guard let time = evidence.facts?.time else { return [] }
        let (earliest, latest) = (
            evidence.startedAt.microseconds / 1_000_000 - 2, evidence.endedAt.microseconds / 1_000_000 + 2
        )
        guard time < earliest || time > latest else { return [] }
        let (distance, direction) = time < earliest ? (earliest - time, "behind") : (time - latest, "ahead")
        return [
            Finding(
                "clock-skew", distance >= 60 ? .blocker : .warning, "the clock differs from the one here",
                evidence: "at least \(distance) s \(direction)",
                mend: "systemctl enable --now chrony (or systemd-timesyncd) on the host, then: timedatectl")
        ]
    }

    static let slowShell: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        let timings = evidence.report.timings
        // A round trip is in every phase: a far host's shell is not slow.
        guard let start = timings["start"], start - (timings["connect"] ?? 0) >= 1000 else { return [] }
        return [
            Finding(
                "slow-shell", .warning, "the login shell takes long to start, and starts for every command",
                evidence: "\(start) ms",
                mend:
                    "find what it waits for: ssh HOST true; let ~/.bashrc and /etc/profile.d return early when not interactive"
            )
        ]
    }

    static let slowLogin: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        guard let login = evidence.report.timings["authentication"], login >= 3000 else { return [] }
        return [
            Finding(
                "slow-login", .warning, "logging in takes long", evidence: "\(login) ms",
                mend: "set UseDNS no in sshd_config; see what PAM waits for (LDAP, pam_systemd): journalctl -u ssh")
        ]
    }

    /// `start:rate:full`; sshd drops connections at random beyond `start`, for everybody.
    static let maxStartups: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        guard evidence.isJumpHost, let text = evidence.rootFacts?.daemon["maxstartups"],
            let start = text.split(separator: ":").first.flatMap({ Int($0) }), start < unauthenticated
        else { return [] }
        return [
            Finding(
                "max-startups", .warning,
                "a jump host drops new connections early: MaxStartups is below \(unauthenticated)",
                evidence: "MaxStartups \(text)", mend: "set MaxStartups 10:30:100 in its sshd_config")
        ]
    }

    static let maxSessions: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        guard let number = evidence.rootFacts?.daemon["maxsessions"].flatMap({ Int($0) }), number < channels else {
            return []
        }
        return [
            Finding(
                "max-sessions", number < 2 ? .blocker : .warning,
                "fewer commands run over one connection than fleet asks for: MaxSessions is below \(channels)",
                evidence: "MaxSessions \(number)", mend: "set MaxSessions 10 in sshd_config")
        ]
    }

    static let forwarding: @Sendable (CheckupEvidence) -> [Finding] = { evidence in
        guard evidence.isJumpHost, let daemon = evidence.rootFacts?.daemon,
            daemon["disableforwarding"] == "yes" || ["no", "remote"].contains(daemon["allowtcpforwarding"] ?? "yes")
        else { return [] }
        return [
            Finding(
                "no-forwarding", .blocker, "the jump host passes no connections on",
                evidence: "AllowTcpForwarding \(daemon["allowtcpforwarding"] ?? "no")",
                mend: "set AllowTcpForwarding local in its sshd_config, at least for this user")
        ]
    }
}
