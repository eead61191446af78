import Foundation

/// The programs that a sandbox needs on this machine, and the Debian package of each.
enum SandboxTools {
    static let required: [(program: String, package: String)] = [
        ("sshd", "openssh-server"), ("ssh", "openssh-client"), ("ssh-keygen", "openssh-client"),
        ("bwrap", "bubblewrap"), ("iptables", "iptables"), ("ip6tables", "iptables"), ("nft", "nftables"),
        ("ipset", "ipset"), ("ip", "iproute2"), ("sysctl", "procps"), ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
    ]

    /// Throws an error that names every missing program with its package.
    static func check() throws(SandboxError) {
        let missing = required.filter { path(of: $0.program) == nil }
        guard missing.isEmpty else { throw absence(missing) }
    }

    /// A program's full path.
    ///
    /// An ordinary user's PATH leaves the sbin directories out, where most of these are.
    static func path(of program: String) -> String? {
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (search + ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"])
            .map { "\($0)/\(program)" }
            .first { $0.hasPrefix("/") && FileManager.default.isExecutableFile(atPath: $0) }
    }

    static func absence(_ missing: [(program: String, package: String)]) -> SandboxError {
        let programs = missing.map(\.program).joined(separator: ", ")
        let packages = Set(missing.map(\.package)).sorted().joined(separator: " ")
        return SandboxError(
            .missingTool,
            "sandboxed hosts need \(programs), not installed here; on Debian: apt-get install \(packages)"
        )
    }
}
