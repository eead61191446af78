internal import FleetModel

/// How a script gets into a shell on the host: a constant command line, and everything else on standard input.
enum CommandLine {
    /// What is wrong with a command that cannot be sent; nil when nothing is.
    static func objection(to command: HostCommand) -> HostRefusal? {
        if command.script.utf8.contains(0) {
            return HostRefusal(.configuration, "the script contains a NUL byte, which no shell can read")
        }
        if let mask = command.umask, !isOctal(mask) {
            return HostRefusal(.configuration, "the umask \"\(mask)\" is not octal, such as 027")
        }
        if let folder = command.workingDirectory, folder.isEmpty || folder.utf8.contains(0) {
            return HostRefusal(.configuration, "the working directory cannot be written in a shell")
        }
        for (name, value) in variables(of: command) where !isName(name) || value.utf8.contains(0) {
            return HostRefusal(.configuration, "the environment variable \"\(name)\" cannot be exported by a shell")
        }
        return nil
    }

    /// The command line: quoted for every login shell, csh and fish among them; holds nothing secret.
    ///
    /// Every process of a command is found by its session: `leadsSession` says that the server, as OpenSSH's does, makes
    /// each command the leader of one. Where it does not, the command makes itself one.
    static func line(_ escalation: Escalation, shape: Shape = .plain, leadsSession: Bool = true) -> String {
        let command = command(escalation, shape)
        return leadsSession ? "exec \(command)" : "exec sh -c '\(leader)' sh \(command)"
    }

    private static func command(_ escalation: Escalation, _ shape: Shape) -> String {
        let wrapper = wrappers[shape, default: (own: "", root: "")]
        switch escalation.method {
        case .none: return "sh -c '\(wrapper.own)'"
        case .sudo where escalation.mayAsk:
            return "sudo -S -p '\(escalation.question)' -H sh -c '\(ready(escalation))\(wrapper.root)'"
        case .sudo: return "sudo -n -H sh -c '\(wrapper.root)'"
        case .doas: return "doas -n sh -c '\(wrapper.root)'"
        case .su: return "su -s /bin/sh -c '\(ready(escalation))\(wrapper.root)' root"
        }
    }

    /// Leads a session, then is the command.
    ///
    /// The leader of a group of processes is left as it is: setsid(1) would go on as another process, and the server
    /// take the command for ended.
    private static let leader = [
        "read -r fleet_x </proc/$$/stat",
        #"fleet_leads() { [ "$3" = $$ ] || [ "$4" = $$ ]; }"#,
        #"if fleet_leads ${fleet_x##*) }; then exec "$@"; fi"#,
        #"if command -v setsid >/dev/null; then exec setsid "$@"; fi"#,
        #"exec "$@""#,
    ].joined(separator: "; ")

    /// How a script comes in, and where its marks go.
    enum Shape: CaseIterable {
        /// The script is all of standard input.
        case plain
        /// The script's length goes before it, since answers to its questions follow.
        case asking
        /// The same, since a terminal has no end of input; and one stream, since a terminal has no other.
        case terminal

        init(_ command: HostCommand) {
            self = command.hasTerminal ? .terminal : command.inputs.isEmpty ? .plain : .asking
        }
    }

    /// For a shell that leads its session itself, and for one whose parent may.
    private static let wrappers = Dictionary(
        uniqueKeysWithValues: Shape.allCases.map { shape in
            (shape, (own: wrapper(ownParent: false, shape), root: wrapper(ownParent: true, shape)))
        })

    private static func ready(_ escalation: Escalation) -> String {
        #"printf "%s\n" \#(escalation.readiness) >&2; "#
    }

    /// The standard input: the nonce, the variables, the script; its length before it where more may follow.
    static func input(_ command: HostCommand, nonce: String) -> String {
        let exports = variables(of: command).sorted { $0.key < $1.key }.map {
            "export \($0.key)=\(ShellWord.singleQuoted($0.value)); "
        }
        let mask = command.umask.map { "umask \($0); " } ?? ""
        let folder = command.workingDirectory.map { "cd \(ShellWord.singleQuoted($0)) || exit 126; " } ?? ""
        let script = "\(exports.joined())\(mask)\(folder)\(command.script)\n"
        return Shape(command) == .plain ? "\(nonce)\n\(script)" : "\(nonce)\n\(script.utf8.count)\n\(script)"
    }

    private static func variables(of command: HostCommand) -> [String: String] {
        command.environment.merging(command.secrets.mapValues { $0.withText { $0 } }) { $1 }
    }

    private static func isOctal(_ text: String) -> Bool {
        (1...4).contains(text.utf8.count) && text.utf8.allSatisfy { (48...55).contains($0) }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
        }
    }

    /// Reads nonce and script, says that it started (and in which session of processes, since when), runs the script
    /// without standard input, and says on both streams how it ended.
    ///
    /// Each command leads a session of its own; under sudo or doas the leader is the parent. Any other leader is
    /// somebody else's, and 0 is told. No single quote, exclamation mark or newline may appear.
    ///
    /// A script that may ask does so on the real standard output, and is answered on the real standard input, wherever it
    /// has led its own.
    private static func wrapper(ownParent: Bool, _ shape: Shape) -> String {
        let isOwn = ownParent ? #"[ "$4" = $$ ] || [ "$4" = $PPID ]"# : #"[ "$4" = $$ ]"#
        let beginning = [
            "read -r fleet_n",
            "read -r fleet_x </proc/$$/stat",
            "set -- ${fleet_x##*) }",
            "\(isOwn) || set -- 0 0 0 0",
            "fleet_i=$4",
            "fleet_t=0",
            #"if [ "$4" -gt 0 ]; then read -r fleet_x </proc/$4/stat; set -- ${fleet_x##*) }; fleet_t=${20}; fi"#,
            #"printf "%s:run:%s:%s\n" "$fleet_n" "$fleet_i" "$fleet_t""#,
        ]
        let hasErrors = shape != .terminal
        let end = [
            #"(exec </dev/null; eval " $fleet_s")"#,
            "fleet_r=$?",
            #"printf "%s:end:%s\n" "$fleet_n" "$fleet_r""#,
        ]
        let parts: [[String]] = [
            beginning, hasErrors ? [#"printf "%s:run\n" "$fleet_n" >&2"#] : [], ["set --"],
            shape == .plain ? ["fleet_s=$(cat)"] : scriptBeforeInput, end,
            hasErrors ? [#"printf "%s:end\n" "$fleet_n" >&2"#] : [], ["exit $fleet_r"],
        ]
        return parts.joined().joined(separator: "; ")
    }

    private static let scriptBeforeInput = [
        "read -r fleet_c",
        "fleet_s=$(head -c $fleet_c)",
        "exec 3>&1 4<&0",
        #"fleet_input() { printf "%s:ask:%s\n" "$fleet_n" "$1" >&3; head -c "$2" <&4; }"#,
    ]
}
