public import FleetModel

/// The script that looks at what fleet's work on a host needs, as shell text.
enum CheckupText {
    static let facts = #"""
        tools() {
            for tool in awk base64 cat chmod chown cp cut date df dirname grep head id mktemp mv readlink sed setsid \
                sha256sum sleep sort stat sync tail tr uname; do
                have "$tool" || say missing "$tool"
            done
        }

        # Each file system once, under the first path that lies on it.
        disks() {
            seen=' '
            for path in / /tmp /var /var/lib/kubelet /var/lib/containerd /var/log; do
                [ -d "$path" ] || continue
                set -- $(df -P "$path" 2>/dev/null | awk 'NR == 2 { sub("%", "", $5); print $1, $5, $4 }')
                [ $# = 3 ] || continue
                case $seen in *" $1 "*) continue ;; esac
                seen="$seen$1 "
                nodes=$(df -Pi "$path" 2>/dev/null | awk 'NR == 2 { sub("%", "", $5); print $5 }')
                case $nodes in '' | *[!0-9]*) nodes=0 ;; esac
                case $2 in *[!0-9]*) continue ;; esac
                say disk "$path $2 $nodes $3"
            done
        }

        # Flags of the mount: permissions say nothing about a file system, and nothing is written here.
        read_only() {
            for path in /tmp /var /var/lib/kubelet /etc; do
                [ -d "$path" ] || continue
                mount=$(df -P "$path" 2>/dev/null | awk 'NR == 2 { print $NF }')
                awk -v mount="$mount" '$2 == mount { flags = $4 } END { exit flags !~ /(^|,)ro(,|$)/ }' /proc/mounts &&
                    say read_only "$path"
            done
        }

        daemon() {
            [ "$(id -u)" = 0 ] || return 0
            for file in /usr/sbin/sshd /usr/local/sbin/sshd; do
                [ -x "$file" ] || continue
                "$file" -T 2>/dev/null |
                    grep -i -E '^(maxstartups|maxsessions|allowtcpforwarding|disableforwarding) ' |
                    while read -r line; do say sshd "$line"; done
                return
            done
        }

        facts() {
            say time "$(date +%s)"
            say uid "$(id -u)"
            tools
            disks
            read_only
            daemon
            say end yes
        }

        facts </dev/null
        """#
}

extension HostCommand {
    /// Asks a host for what fleet's work on it needs; changes nothing.
    public static func checkup(becomesRoot: Bool) -> HostCommand {
        HostCommand(script: NodeScript.checkup, becomesRoot: becomesRoot, timeoutSeconds: 60)
    }
}

extension NodeScript {
    /// Says what fleet's work on a host needs: the clock, programs, file systems, and as root sshd's limits.
    ///
    /// Changes nothing, and may be run as any user.
    public static let checkup = assemble([], [ScriptText.prelude, CheckupText.facts])
}
