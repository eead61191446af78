/// The shell texts that keep the hosts of a sandbox together.
///
/// One supervisor is the first process of a process namespace. It lives as long as its standard input is open, and
/// the kernel ends everything in the namespace with it: a fleet that is killed leaves no process behind.
enum SandboxBox {
    /// The arguments for `unshare` that start the supervisor; ports are tried in order.
    static func arguments(directory: String, ports: [Int], isRoot: Bool) -> [String] {
        let user = isRoot ? [] : ["--user", "--map-current-user"]
        let spaces = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        return user + spaces + ["/bin/sh", "\(directory)/box.sh", directory] + ports.map { String($0) }
    }

    /// Starts every host, then the SSH servers; writes `box.port`, or `box.failed` with the reason.
    static let supervisor = #"""
        # usage: box.sh DIRECTORY PORT...
        set -u
        PATH=$PATH:/usr/sbin:/sbin
        export PATH
        cd "$1" || exit 1
        shift

        fail() {
            printf '%s\n' "$1" >box.failed
            exit 1
        }

        # Directories of this machine that the hosts share, read-only; links such as /bin stay links.
        system_arguments() {
            for name in bin sbin lib lib32 lib64 libx32; do
                if [ -L "/$name" ]; then ln -sfn "$(readlink "/$name")" "$1/root/$name"
                elif [ -d "/$name" ]; then printf '%s\n' --ro-bind "/$name" "/$name"; fi
            done
            for name in alternatives ld.so.cache ld.so.conf ld.so.conf.d protocols services localtime; do
                [ ! -e "/etc/$name" ] || printf '%s\n' --ro-bind "/etc/$name" "/etc/$name"
            done
        }

        # The outer user namespace locks the mounts: root in the inner one cannot make /usr writable again.
        # Of the kernel's settings only the host's own network's are writable.
        start_host() {
            modules=
            [ ! -e /proc/modules ] || modules="--bind $1/modules /proc/modules"
            { bwrap --unshare-user --uid 0 --gid 0 --unshare-pid --cap-add ALL --die-with-parent \
                --bind "$1/root" / --ro-bind /usr /usr --bind "$1/local" /usr/local \
                $(system_arguments "$1") --proc /proc --dev /dev \
                --ro-bind /proc/sys /proc/sys --bind /proc/sys/net /proc/sys/net \
                --bind "$1/boot_id" /proc/sys/kernel/random/boot_id \
                --bind "$1/swaps" /proc/swaps $modules --info-fd 3 \
                unshare --user --map-root-user --mount --net --uts --ipc /bin/sh /var/lib/sandbox/boot.sh
              touch "$1/root/var/lib/sandbox/failed"
            } 3>"$1/info" </dev/null >"$1/log" 2>&1 &
        }

        # The first process of the host's process namespace, and the holder of its other namespaces.
        find_processes() {
            outer=$(sed -n 's/.*"child-pid": *\([0-9]*\).*/\1/p' "$1/info" 2>/dev/null)
            [ -n "$outer" ] || return 1
            status=$(grep -l -s "^PPid:[[:space:]]*$outer\$" /proc/[0-9]*/status | head -n 1)
            [ -n "$status" ] || return 1
            inner=${status#/proc/}
            echo "$outer ${inner%/status}" >"$1/processes"
        }

        await_host() {
            turn=0
            while [ ! -e "$1/root/var/lib/sandbox/ready" ]; do
                [ ! -e "$1/root/var/lib/sandbox/failed" ] || fail "host ${1#hosts/}: $(tail -n 3 "$1/log")"
                turn=$((turn + 1))
                [ "$turn" -lt 600 ] || fail "host ${1#hosts/} did not come up in 60 s: $(tail -n 3 "$1/log")"
                sleep 0.1
            done
            find_processes "$1" || fail "host ${1#hosts/} ended: $(tail -n 3 "$1/log")"
        }

        # sshd goes on when one of its addresses is taken: count what it listens on.
        start_servers() {
            servers=
            for config in sshd_config.*; do
                log=sshd.log.${config#sshd_config.}
                : >"$log"
                "$(command -v sshd)" -D -p "$1" -f "$PWD/$config" -E "$PWD/$log" </dev/null >/dev/null 2>&1 &
                servers="$servers $!"
                wanted=$(grep -c '^ListenAddress' "$config")
                turn=0
                while [ "$(grep -c 'Server listening on' "$log")" -lt "$wanted" ]; do
                    turn=$((turn + 1))
                    if [ "$turn" -ge 100 ] || grep -q -e 'Bind to port' -e '^fatal' -e '^sshd: no hostkeys' "$log"; then
                        kill $servers 2>/dev/null
                        return 1
                    fi
                    sleep 0.05
                done
            done
        }

        # As root sshd wants an empty directory of its own, which a machine that never ran it lacks.
        if [ "$(id -u)" = 0 ] && [ ! -d /run/sshd ]; then
            mount -t tmpfs -o mode=755 tmpfs /run && mkdir -m 755 /run/sshd || fail "no /run/sshd for sshd"
        fi
        for host in hosts/*; do start_host "$host"; done
        for host in hosts/*; do await_host "$host"; done
        for port in "$@"; do
            if start_servers "$port"; then
                echo "$port" >box.port.new
                mv box.port.new box.port
                cat >/dev/null
                exit 0
            fi
        done
        fail "sshd does not start: $(cat sshd.log.* | tail -n 3)"
        """#

    /// What sshd runs for every session: the address dialled picks the host.
    static let enter = #"""
        # usage: enter.sh DIRECTORY, with the environment of an SSH session
        rest=${SSH_CONNECTION#* * }
        host=$1/addresses/${rest%% *}
        if ! read -r outer inner <"$host/processes"; then
            echo "sandbox: no host at ${rest%% *}" >&2
            exit 255
        fi
        down=$(cat "$host/root/var/lib/sandbox/down-until" 2>/dev/null)
        if [ "${down:-0}" -gt "$(date +%s)" ]; then
            kill -9 "$PPID"
            exit 255
        fi
        command='cd "$HOME" && exec /bin/sh'
        [ -z "${SSH_ORIGINAL_COMMAND:-}" ] || command="cd
        $SSH_ORIGINAL_COMMAND"
        exec nsenter --target "$outer" --user --pid --preserve-credentials -- \
            nsenter --target "$inner" --user --net --mount --uts --ipc --preserve-credentials -- \
            /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root \
            LOGNAME=root SHELL=/bin/sh LANG="${LANG:-C.UTF-8}" TERM="${TERM:-dumb}" \
            SSH_CONNECTION="$SSH_CONNECTION" /bin/sh -c "$command"
        """#

    /// The first command of a host: its name, its mounts, its network; then it holds the namespaces.
    static let boot = #"""
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        export PATH
        cd /
        set -e
        trap 'touch /var/lib/sandbox/failed' EXIT
        . /var/lib/sandbox/profile
        hostname "$NAME"
        ip link set lo up
        sh /var/lib/sandbox/network.sh
        find /var/lib/kubelet/pods -type d -path '*/volumes/kubernetes.io~projected/*' 2>/dev/null |
        while read -r volume; do
            mount -t tmpfs tmpfs "$volume"
            echo token >"$volume/token"
        done
        echo $$ >/var/lib/sandbox/holder
        trap - EXIT
        touch /var/lib/sandbox/ready
        exec sleep infinity
        """#
}
