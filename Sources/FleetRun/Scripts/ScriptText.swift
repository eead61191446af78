/// The parts that several node scripts share, as shell text.
enum ScriptText {
    /// Names of tools, messages, and one-line answers.
    static let prelude = #"""
        set -u
        LC_ALL=C
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        export LC_ALL PATH
        umask 077

        have() { command -v "$1" >/dev/null 2>&1; }
        say() { printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')"; }
        with_limit() { if have timeout; then timeout "$@"; else shift; "$@"; fi; }
        """#

    /// What a script needs that changes what a host is: alone at it, and with what lives there in sight.
    static let host = #"""
        # One at a time: a connection that breaks leaves its script running, and the next one must not work beside it.
        # Children hold the lock too, so that a kubeadm that outlives its shell is waited for.
        take_host_lock() {
            have flock || return 0
            exec 9>/run/fleet.lock
            flock -w 600 9 || refuse "another script of fleet's has been working on this host for 10 minutes (/run/fleet.lock)"
        }

        # Mount points strictly below a path: POINT TYPE, in reverse order of mounting.
        mounts_below() {
            sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g' /proc/self/mountinfo | awk -v under="$1/" '
                index($5, under) == 1 {
                    for (i = 7; i <= NF && $i != "-"; i++);
                    line[++n] = $5 " " $(i + 1)
                }
                END { while (n > 0) print line[n--] }'
        }
        """#

    /// `cluster_authorities`: the SHA-256 of each CA certificate that the kubelet trusts as its cluster's.
    static let clusterAuthority = #"""
        CLEANING=/var/lib/fleet/cleaning

        # Certificates on standard input, one SHA-256 of the DER a line.
        certificate_hashes() {
            awk '/-----BEGIN CERTIFICATE-----/ { body = ""; inside = 1; next }
                 /-----END CERTIFICATE-----/ { if (inside) print body; inside = 0; next }
                 inside { gsub(/[ \t\r]/, ""); body = body $0 }' |
            while read -r body; do
                printf '%s' "$body" | base64 -d 2>/dev/null | sha256sum | cut -d ' ' -f 1
            done
        }

        # The first value of a key in a kubeconfig, unquoted.
        kubeconfig_value() {
            sed -n "s/^[[:space:]-]*$2:[[:space:]]*//p" "$1" 2>/dev/null | head -n 1 | tr -d "\"'\r "
        }

        # What the kubelet's kubeconfig trusts decides; pki/ca.crt only where there is none; where a clean-up has taken
        # both away and did not end, what it noted before.
        cluster_authorities() {
            for config in /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf; do
                [ -r "$config" ] || continue
                data=$(kubeconfig_value "$config" certificate-authority-data)
                file=$(kubeconfig_value "$config" certificate-authority)
                if [ -n "$data" ]; then
                    printf '%s' "$data" | base64 -d 2>/dev/null | certificate_hashes
                    return
                fi
                if [ -n "$file" ] && [ -r "$file" ]; then
                    certificate_hashes <"$file"
                    return
                fi
            done
            if [ -r /etc/kubernetes/pki/ca.crt ]; then certificate_hashes </etc/kubernetes/pki/ca.crt; return; fi
            [ ! -r "$CLEANING" ] || grep -x -E '[0-9a-f]{64}' "$CLEANING"
        }

        control_plane_signs() {
            for name in kube-apiserver etcd kube-controller-manager kube-scheduler; do
                for end in yaml yml json; do
                    [ ! -e "/etc/kubernetes/manifests/$name.$end" ] || echo "/etc/kubernetes/manifests/$name.$end"
                done
            done
            [ ! -d /var/lib/etcd/member ] || echo /var/lib/etcd/member
        }
        """#

    /// The answer that ``NodeIdentity`` reads.
    static let identity = #"""
        first_of() {
            for file in "$@"; do
                [ -r "$file" ] || continue
                value=$(tr -d '\000' <"$file" 2>/dev/null | head -n 1)
                [ -n "$value" ] || continue
                printf '%s' "$value"
                return
            done
        }

        # Service addresses that kube-proxy and node-local DNS bind are the same on every node: they prove nothing.
        addresses() {
            if have ip; then
                ip -o addr show 2>/dev/null | awk '
                    $2 == "kube-ipvs0" || $2 == "nodelocaldns" { next }
                    $3 == "inet" || $3 == "inet6" { sub(/\/.*/, "", $4); print $4 }'
            else
                hostname -I 2>/dev/null | tr ' ' '\n'
            fi | grep -v -e '^127\.' -e '^::1$' -e '^fe80:' -e '^$' | sort -u
        }

        identity() {
            say hostname "$(uname -n)"
            say machine_id "$(first_of /etc/machine-id /var/lib/dbus/machine-id)"
            say product_uuid "$(first_of /sys/class/dmi/id/product_uuid /sys/devices/virtual/dmi/id/product_uuid \
                /proc/device-tree/system-id /proc/device-tree/vm,uuid | tr 'A-F' 'a-f')"
            say boot_id "$(first_of /proc/sys/kernel/random/boot_id)"
            addresses | while read -r address; do say ip "$address"; done
            cluster_authorities | while read -r hash; do say cluster_ca_sha256 "$hash"; done
            signs=$(control_plane_signs)
            [ -z "$signs" ] || say control_plane_sign "$signs"
            [ -z "$signs" ] && say control_plane no || say control_plane yes
        }

        identity </dev/null
        """#

    /// What the kubelet's unit is doing.
    static let kubelet = #"""
        kubelet_active() {
            have systemctl || return 1
            case $(systemctl is-active kubelet 2>/dev/null) in
                active | activating | reloading | deactivating) return 0 ;;
                *) return 1 ;;
            esac
        }

        kubelet_enabled() {
            have systemctl || return 1
            case $(systemctl is-enabled kubelet 2>/dev/null) in
                enabled | enabled-runtime) return 0 ;;
                *) return 1 ;;
            esac
        }

        kubelet_runs() { kubelet_active || kubelet_enabled; }

        kubelet_stop() {
            systemctl stop kubelet && systemctl disable kubelet && ! kubelet_runs
        }
        """#

    /// Stops the kubelet and proves it.
    static let stopKubelet = #"""
        stop_kubelet() {
            if ! kubelet_runs; then
                say unchanged kubelet
            elif messages=$(kubelet_stop 2>&1); then
                say changed kubelet
            else
                say failed "kubelet: $messages"
            fi
            state=$(systemctl is-active kubelet 2>/dev/null)
            say kubelet "${state:-absent}"
            ! kubelet_active
        }

        stop_kubelet </dev/null
        """#

    /// Counts connections by reading the kernel's tables, one network namespace at a time.
    static let connections = #"""
        # The oldest process of each network namespace: a pod's sockets are not in the host's table.
        namespaces() {
            for process in /proc/[0-9]*; do
                space=$(readlink "$process/ns/net" 2>/dev/null) || continue
                printf '%s %s\n' "$space" "${process#/proc/}"
            done | sort -k 1,1 -k 2,2n | awk '$1 != last { print $2; last = $1 }'
        }

        local_ports() {
            namespaces | while read -r process; do
                cat "/proc/$process/net/tcp" "/proc/$process/net/tcp6" 2>/dev/null
            done | awk '$4 == "01" { n = split($2, part, ":"); print part[n] }'
        }

        connections() {
            ports=$(local_ports)
            total=0
            for port in $FLEET_PORTS; do
                count=$(printf '%s\n' "$ports" | grep -c -i -x "$(printf '%04X' "$port")")
                total=$((total + count))
                say "connections_$port" "$count"
            done
            say connections "$total"
        }

        connections </dev/null
        """#
}
