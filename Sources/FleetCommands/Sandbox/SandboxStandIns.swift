/// Stand-ins for the programs that a sandbox cannot run for real, as shell text by program name.
///
/// They keep their state in the host's `/var/lib/sandbox` and log every call to `/var/lib/sandbox/calls`.
enum SandboxStandIns {
    static let programs: [String: String] = [
        "systemctl": systemctl, "systemd-escape": systemdEscape, "journalctl": journalctl, "hostnamectl": hostnamectl,
        "reboot": reboot,
        "shutdown": shutdown, "sudo": sudo,
        "kubeadm": kubeadm, "kubelet": kubelet, "containerd": containerd, "crictl": crictl, "calicoctl": calicoctl,
        "swapoff": swapoff, "swapon": swapon, "modprobe": modprobe, "lsmod": lsmod, "ipvsadm": ipvsadm,
        "sysctl": sysctl, "curl": curl,
    ]

    static let debianPackages: [String: String] = [
        "apt-get": aptGet, "apt-mark": aptMark, "apt-cache": aptCache, "dpkg-query": dpkgQuery, "dpkg": dpkg,
    ]

    static let redhatPackages: [String: String] = ["dnf": dnf, "yum": dnf, "rpm": rpm]
    static let fedoraPackages: [String: String] = ["dnf": dnf5, "dnf5": dnf5, "yum": dnf5, "rpm": rpm]

    /// A whole program: the shared beginning, then its own text.
    static func text(_ body: String) -> String { beginning + "\n" + body + "\n" }

    private static let beginning = #"""
        #!/bin/sh
        STATE=/var/lib/sandbox
        printf '%s %s\n' "${0##*/}" "$*" >>"$STATE/calls"
        die() { echo "$1" >&2; exit "${2:-1}"; }
        """#

    // MARK: systemd

    private static let systemctl = #"""
        verb=
        units=
        quiet=
        now=
        value=
        properties=
        while [ $# -gt 0 ]; do
            case $1 in
                -q | --quiet) quiet=yes ;;
                --now) now=yes ;;
                --value) value=yes ;;
                -p) properties="$properties $(echo "$2" | tr , ' ')"; shift ;;
                --property=*) properties="$properties $(echo "${1#*=}" | tr , ' ')" ;;
                -*) ;;
                *) if [ -z "$verb" ]; then verb=$1; else units="$units ${1%.service}"; fi ;;
            esac
            shift
        done
        DIR=$STATE/units
        known() { [ -e "$DIR/$1.active" ]; }
        active() { cat "$DIR/$1.active" 2>/dev/null || echo inactive; }
        enabled() { cat "$DIR/$1.enabled" 2>/dev/null; }
        show() { [ -n "$quiet" ] || echo "$1"; }
        need() { known "$1" || die "Failed to $verb $1.service: Unit $1.service not loaded." 5; }
        # A kubelet without its configuration, or with swap on, crashes and is started again, for ever.
        kubelet_crashes() {
            [ -e /var/lib/kubelet/config.yaml ] || return 0
            grep -q ^/ /proc/swaps && ! grep -q '^failSwapOn: false' /var/lib/kubelet/config.yaml || return 1
            mkdir -p "$STATE/journal"
            echo 'E1126 02:00:00.000001    4711 run.go:72] "command failed" err="failed to run Kubelet: running with swap on is not supported, please disable swap or set --fail-swap-on flag to false"' >>"$STATE/journal/kubelet"
        }
        start() {
            state=active
            [ "$1" != kubelet ] || ! kubelet_crashes || state=activating
            echo "$state" >"$DIR/$1.active"
            echo $(($(cat "$DIR/$1.starts" 2>/dev/null || echo 0) + 1)) >"$DIR/$1.starts"
            # The uptime comes in hundredths: rounded up, so that what was written before is older.
            awk '{ printf "%.0f\n", $1 * 1000000 + 20000 }' /proc/uptime >"$DIR/$1.since"
        }
        stop() { echo inactive >"$DIR/$1.active"; }
        property() {
            case $2 in
                ActiveState) active "$1" ;;
                SubState) [ "$(active "$1")" = active ] && echo running || echo dead ;;
                LoadState) known "$1" && echo loaded || echo not-found ;;
                UnitFileState) enabled "$1" ;;
                ActiveEnterTimestampMonotonic) cat "$DIR/$1.since" 2>/dev/null || echo 1 ;;
                NRestarts) cat "$DIR/$1.starts" 2>/dev/null || echo 0 ;;
                MainPID) [ "$(active "$1")" = active ] && echo "4$(cat "$DIR/$1.starts" 2>/dev/null || echo 0)" || echo 0 ;;
                *) echo ;;
            esac
        }
        code=0
        case $verb in
            daemon-reload | daemon-reexec | reset-failed | list-units | list-unit-files) exit 0 ;;
            is-system-running) echo running; exit 0 ;;
            reboot) exec reboot ;;
            '') die "systemctl: no verb" ;;
        esac
        for unit in $units; do
            case $verb in
                start) need "$unit"; [ "$(active "$unit")" = active ] || start "$unit" ;;
                restart | reload-or-restart) need "$unit"; start "$unit" ;;
                try-restart) [ "$(active "$unit")" != active ] || start "$unit" ;;
                reload) need "$unit" ;;
                stop) need "$unit"; stop "$unit" ;;
                enable)
                    known "$unit" || die "Failed to enable unit: Unit file $unit.service does not exist."
                    echo enabled >"$DIR/$unit.enabled"
                    [ -z "$now" ] || start "$unit" ;;
                disable)
                    known "$unit" || die "Failed to disable unit: Unit file $unit.service does not exist."
                    echo disabled >"$DIR/$unit.enabled"
                    [ -z "$now" ] || stop "$unit" ;;
                mask) echo masked >"$DIR/$unit.enabled"; [ -z "$now" ] || stop "$unit" ;;
                unmask) [ "$(enabled "$unit")" != masked ] || echo disabled >"$DIR/$unit.enabled" ;;
                is-active) show "$(active "$unit")"; [ "$(active "$unit")" = active ] || code=3 ;;
                is-failed) show "$(active "$unit")"; [ "$(active "$unit")" = failed ] || code=1 ;;
                is-enabled)
                    if known "$unit"; then show "$(enabled "$unit")"
                    else echo "Failed to get unit file state for $unit.service: No such file or directory" >&2; fi
                    [ "$(enabled "$unit")" = enabled ] || code=1 ;;
                status)
                    known "$unit" || die "Unit $unit.service could not be found." 4
                    echo "* $unit.service"
                    echo "     Loaded: loaded (/lib/systemd/system/$unit.service; $(enabled "$unit"))"
                    echo "     Active: $(active "$unit")"
                    [ "$(active "$unit")" = active ] || code=3 ;;
                show)
                    for name in ${properties:-LoadState ActiveState SubState UnitFileState NRestarts}; do
                        if [ -n "$value" ]; then property "$unit" "$name"
                        else echo "$name=$(property "$unit" "$name")"; fi
                    done ;;
                cat) known "$unit" || die "No files found for $unit.service."; echo "[Unit]" ;;
                *) die "Unknown command verb $verb." ;;
            esac
        done
        exit "$code"
        """#

    /// Of paths to units of swap, as plain ones have them.
    private static let systemdEscape = #"""
        [ "$1 $2" = "-p --suffix=swap" ] || die "systemd-escape: only -p --suffix=swap is known here"
        printf '%s.swap\n' "$(printf '%s' "${3#/}" | sed 's/-/\\x2d/g; s,/,-,g')"
        """#

    private static let journalctl = #"""
        while [ $# -gt 0 ]; do
            case $1 in
                -u) cat "$STATE/journal/${2%.service}" 2>/dev/null; shift ;;
                --unit=*) unit=${1#*=}; cat "$STATE/journal/${unit%.service}" 2>/dev/null ;;
            esac
            shift
        done
        exit 0
        """#

    private static let hostnamectl = #"""
        verb=
        name=
        for word; do
            case $word in -*) ;; *) if [ -z "$verb" ]; then verb=$word; else name=$word; fi ;; esac
        done
        case $verb in
            set-hostname | hostname)
                if [ -n "$name" ]; then echo "$name" >/etc/hostname; hostname "$name"; else hostname; fi ;;
            *) case " $* " in *" --static "*) cat /etc/hostname ;; *) echo " Static hostname: $(cat /etc/hostname)" ;; esac ;;
        esac
        """#

    /// Ends every process but the host's own two, gives it another boot id, and keeps it away for a while.
    private static let reboot = #"""
        seconds=$(cat "$STATE/reboot-seconds" 2>/dev/null || echo 2)
        echo $(($(date +%s) + seconds)) >"$STATE/down-until"
        cat /proc/sys/kernel/random/uuid >/proc/sys/kernel/random/boot_id
        for unit in "$STATE"/units/*.enabled; do
            name=${unit%.enabled}
            if [ "$(cat "$unit")" = enabled ]; then echo active >"$name.active"; else echo inactive >"$name.active"; fi
        done
        rm -rf /tmp/* /run/fleet
        setsid sh -c '
            sleep 0.3
            for process in /proc/[0-9]*; do
                process=${process#/proc/}
                case $process in 1 | $1 | $$) ;; *) kill -9 "$process" 2>/dev/null ;; esac
            done' sh "$(cat "$STATE/holder")" >/dev/null 2>&1 </dev/null &
        """#

    private static let shutdown = #"""
        case " $* " in *" -r "* | *" --reboot "*) exec reboot ;; *) die "shutdown: only -r is known here" ;; esac
        """#

    private static let sudo = #"""
        while [ $# -gt 0 ]; do
            case $1 in
                -u | -g | -p | -C) shift 2 ;;
                --) shift; break ;;
                -*) shift ;;
                *) break ;;
            esac
        done
        [ $# -gt 0 ] || exit 0
        exec "$@"
        """#

    // MARK: Kubernetes

    /// Removes, writes and refuses what the real one does; nothing is talked to.
    ///
    /// What the API serves as cluster-info may stand in `/var/lib/sandbox/cluster-info`, a file a key: then a token is good for
    /// something only if it was signed for, and the signature is right.
    private static let kubeadm = #"""
        K=/etc/kubernetes
        version=$(cat "$STATE/version")
        verb=${1:-}
        [ $# -eq 0 ] || shift
        reset() {
            case " $* " in *" -f "* | *" --force "*) ;; *) die "[reset] aborted: not confirmed" ;; esac
            echo "[reset] Stopping the kubelet service"
            systemctl stop kubelet
            echo "[reset] Unmounting mounted directories in \"/var/lib/kubelet\""
            awk '$5 ~ "^/var/lib/kubelet/" { print $5 }' /proc/self/mountinfo | sort -r |
            while read -r point; do umount "$point" || exit 1; done || die "error: unmount failed"
            rm -rf "$STATE"/pods/*
            echo "[reset] Deleting contents of directories: [$K/manifests /var/lib/kubelet $K/pki]"
            for directory in "$K/manifests" /var/lib/kubelet "$K/pki"; do
                [ ! -d "$directory" ] || find "$directory" -mindepth 1 -delete
            done
            echo "[reset] Deleting files: [$K/admin.conf $K/kubelet.conf $K/bootstrap-kubelet.conf]"
            for name in admin super-admin kubelet bootstrap-kubelet controller-manager scheduler; do
                rm -f "$K/$name.conf"
            done
            echo "The reset process does not perform cleanup of CNI plugin configuration,"
            echo "network filtering rules and kubeconfig files."
        }
        refuse_join() {
            ! grep -q ^/ /proc/swaps || echo "	[WARNING Swap]: swap is supported for cgroup v2 only. The kubelet must be properly configured to use swap." >&2
            errors=
            [ ! -e $K/kubelet.conf ] || errors="$errors [ERROR FileAvailable--etc-kubernetes-kubelet.conf]: $K/kubelet.conf already exists;"
            [ ! -e $K/pki/ca.crt ] || errors="$errors [ERROR FileAvailable--etc-kubernetes-pki-ca.crt]: $K/pki/ca.crt already exists;"
            [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || errors="$errors [ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1;"
            [ "$(systemctl is-active containerd)" = active ] || errors="$errors [ERROR CRI]: container runtime is not running;"
            [ -z "$errors" ] || die "error execution phase preflight: [preflight] Some fatal errors occurred:$errors" 1
        }
        # A JoinConfiguration: the CA's public key must be the pinned one.
        read_config() {
            grep -q '^kind: JoinConfiguration$' "$1" || die "error: no kind JoinConfiguration in $1"
            cp "$1" "$STATE/join-config"
            grep -q -E '^ *token: "[a-z0-9]{6}\.[a-z0-9]{16}"$' "$1" || die "discovery.bootstrapToken.token: Invalid value"
            node=$(sed -n 's/^  name: "\(.*\)"$/\1/p' "$1")
            endpoint=$(sed -n 's/^ *apiServerEndpoint: "\(.*\)"$/\1/p' "$1")
            command -v openssl >/dev/null || return 0
            pin=$(openssl x509 -in "$STATE/cluster-ca.crt" -noout -pubkey | openssl pkey -pubin -outform der | sha256sum | cut -d ' ' -f 1)
            grep -q -F "sha256:$pin" "$1" || die "cluster CA found in cluster-info ConfigMap is invalid: none of the public keys \"sha256:$pin\" are pinned"
            discover "$(sed -n 's/^ *token: "\(.*\)"$/\1/p' "$1")"
        }
        base64url() { base64 -w 0 | tr '+/' '-_' | tr -d =; }
        discover() {
            info=$STATE/cluster-info
            [ -e "$info/kubeconfig" ] || return 0
            turn=0
            while [ ! -e "$info/jws-kubeconfig-${1%%.*}" ]; do
                turn=$((turn + 1))
                [ "$turn" -lt 30 ] || die "error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID \"${1%%.*}\""
                sleep 0.1
            done
            signature=$(cat "$info/jws-kubeconfig-${1%%.*}")
            own=$(printf '%s.%s' "${signature%%.*}" "$(base64url <"$info/kubeconfig")" | openssl dgst -sha256 -hmac "${1#*.}" -binary | base64url)
            [ "$signature" = "${signature%%.*}..$own" ] || die "error execution phase preflight: couldn't validate the identity of the API Server: the signature of cluster-info is not this token's"
            echo "${1%%.*}" >>"$STATE/discovered"
        }
        join() {
            node=$(hostname)
            endpoint=
            config=
            while [ $# -gt 0 ]; do
                case $1 in
                    --node-name) node=$2; shift ;;
                    --node-name=*) node=${1#*=} ;;
                    --config) config=$2; shift ;;
                    --token | --discovery-token-ca-cert-hash | --cri-socket | -v) shift ;;
                    -*) ;;
                    *) endpoint=$1 ;;
                esac
                shift
            done
            [ -z "$config" ] || read_config "$config"
            refuse_join
            echo "[preflight] Running pre-flight checks"
            mkdir -p $K/pki $K/manifests /var/lib/kubelet/pki
            cp "$STATE/cluster-ca.crt" $K/pki/ca.crt
            {
                echo "apiVersion: v1"
                echo "kind: Config"
                echo "clusters:"
                echo "- cluster:"
                echo "    certificate-authority-data: $(base64 -w 0 "$STATE/cluster-ca.crt")"
                echo "    server: https://${endpoint:-10.0.0.1:6443}"
                echo "  name: default-cluster"
            } >$K/bootstrap-kubelet.conf
            printf 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n' >/var/lib/kubelet/config.yaml
            echo 'KUBELET_KUBEADM_ARGS=""' >/var/lib/kubelet/kubeadm-flags.env
            echo client >/var/lib/kubelet/pki/kubelet-client-current.pem
            echo "[kubelet-start] Starting the kubelet"
            [ -e "$STATE/units/kubelet.active" ] || {
                echo disabled >"$STATE/units/kubelet.enabled"
                echo inactive >"$STATE/units/kubelet.active"
            }
            echo "$node" >"$STATE/joined"
            systemctl start kubelet
            # Only a kubelet that runs asks for its certificate, and writes kubelet.conf.
            [ "$(systemctl is-active kubelet)" = active ] || {
                rm -f "$STATE/joined"
                echo "[kubelet-check] The kubelet is not healthy after 4m0.000873s"
                die "error execution phase kubelet-start: The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: connection refused" 1
            }
            mv $K/bootstrap-kubelet.conf $K/kubelet.conf
            echo
            echo "This node has joined the cluster:"
        }
        case $verb in
            version)
                case " $* " in
                    *" short "* | *"=short "*) echo "$version" ;;
                    *) echo "kubeadm version: &version.Info{GitVersion:\"$version\"}" ;;
                esac ;;
            reset) reset "$@" ;;
            join) join "$@" ;;
            token)
                tokens=$STATE/tokens
                case " $* " in
                    " list "*)
                        echo "TOKEN                     TTL         EXPIRES"
                        cat "$tokens" 2>/dev/null || true ;;
                    " delete "*)
                        grep -q "^$2\\." "$tokens" 2>/dev/null || die "bootstrap token \"$2\" not found"
                        sed -i "/^$2\\./d" "$tokens"
                        echo "$2" >>"$STATE/tokens-deleted"
                        echo "bootstrap token \"$2\" deleted" ;;
                    *" --config "*)
                        file=$(echo " $* " | sed 's/.* --config \([^ ]*\) .*/\1/')
                        grep -q '^kind: InitConfiguration$' "$file" || die "error: no kind InitConfiguration in $file"
                        grep -q -E '^  ttl: "[0-9]+s"$' "$file" || die "error: invalid ttl"
                        token=$(sed -n 's/^- token: "\([a-z0-9]\{6\}\.[a-z0-9]\{16\}\)"$/\1/p' "$file")
                        [ -n "$token" ] || die "error: the bootstrap token is invalid"
                        ! grep -q "^${token%%.*}\\." "$tokens" 2>/dev/null || die "a token with id \"${token%%.*}\" already exists"
                        echo "$token   15m" >>"$tokens"
                        cat "$tokens" >>"$STATE/tokens-created"
                        echo "$token" ;;
                    *" --print-join-command "*)
                        echo "kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:$(sha256sum <"$STATE/cluster-ca.crt" | cut -d ' ' -f 1)" ;;
                    *) echo abcdef.0123456789abcdef ;;
                esac ;;
            *) die "kubeadm: unknown command $verb" ;;
        esac
        """#

    private static let kubelet = #"""
        case ${1:-} in
            --version) echo "Kubernetes $(cat "$STATE/version")" ;;
            *) die "kubelet: the unit runs it, not you" ;;
        esac
        """#

    /// Reads what a kubelet depends on out of its configuration, as 1.7 does: a runtime that the file describes has
    /// nothing that the file does not say of it.
    private static let containerd = #"""
        file=/etc/containerd/config.toml
        case ${1:-} in --config) file=$2; shift 2 ;; esac
        case "$*" in
            --version | -v) echo "containerd github.com/containerd/containerd 2.1.4" ;;
            "config default")
                echo 'version = 3'
                echo 'disabled_plugins = []'
                echo "[plugins.'io.containerd.cri.v1.runtime'.containerd]"
                echo "  default_runtime_name = 'runc'"
                echo "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]"
                echo "  runtime_type = 'io.containerd.runc.v2'"
                echo "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]"
                echo '  SystemdCgroup = false' ;;
            "config dump")
                [ -e "$file" ] || exec containerd config default
                awk '
                    function fail(words) { print "containerd: failed to load TOML: " words >"/dev/stderr"; failed = 1; exit 1 }
                    function plain(text) { gsub(/["\047 \t]/, "", text); return text }
                    /^[ \t]*(#|$)/ { next }
                    /^[ \t]*disabled_plugins[ \t]*=/ { inside = 1 }
                    inside { list = list $0; if (/\]/) inside = 0; next }
                    /^[ \t]*\[.*\]/ {
                        table = plain($0)
                        gsub(/^\[|\].*$/, "", table)
                        if (table in seen) fail("(" NR ", 2): duplicated tables")
                        seen[table] = 1
                        next
                    }
                    !/=/ { fail("(" NR ", 1): expected a key") }
                    {
                        key = value = $0
                        sub(/=.*/, "", key)
                        sub(/^[^=]*=[ \t]*/, "", value)
                        key = (table == "" ? "" : table ".") plain(key)
                        if (key in values) fail("(" NR ", 1): the key is there twice")
                        values[key] = plain(value)
                    }
                    END {
                        if (failed) exit 1
                        if (inside) fail("unterminated array")
                        version = values["version"]
                        if (version >= 2 && list ~ /"cri"/) fail("invalid disabled plugin URI \"cri\" expect io.containerd.x.vx")
                        id = version >= 3 ? "io.containerd.cri.v1.runtime" : version == 2 ? "io.containerd.grpc.v1.cri" : "unknown"
                        runtimes = "plugins." id ".containerd.runtimes."
                        type["runc"] = "io.containerd.runc.v2"
                        cgroup["runc"] = "false"
                        for (table in seen) if (index(table, runtimes) == 1) {
                            name = substr(table, length(runtimes) + 1)
                            sub(/\.options$/, "", name)
                            type[name] = values[runtimes name ".runtime_type"]
                            cgroup[name] = values[runtimes name ".options.SystemdCgroup"]
                        }
                        own = "plugins.\047io.containerd.cri.v1.runtime\047"
                        used = values["plugins." id ".containerd.default_runtime_name"]
                        folder = values["plugins." id ".cni.bin_dir"]
                        print "version = 3"
                        print list == "" ? "disabled_plugins = []" : list
                        print "[" own ".containerd]\n  default_runtime_name = \047" (used == "" ? "runc" : used) "\047"
                        for (name in type) {
                            print "[" own ".containerd.runtimes." name "]\n  runtime_type = \047" type[name] "\047"
                            print "[" own ".containerd.runtimes." name ".options]"
                            if (cgroup[name] != "") print "  SystemdCgroup = " cgroup[name]
                        }
                        print "[" own ".cni]\n  bin_dirs = [\047" (folder == "" ? "/opt/cni/bin" : folder) "\047]"
                    }' "$file" ;;
            *) die "containerd: the unit runs it, not you" ;;
        esac
        """#

    /// The kubelet's health check follows its unit; everything else is asked for real.
    private static let curl = #"""
        case " $* " in
            *" http://127.0.0.1:10248/healthz "*) [ "$(systemctl is-active kubelet)" = active ] || exit 7 ;;
            *) exec /usr/bin/curl "$@" ;;
        esac
        """#

    private static let crictl = #"""
        while [ $# -gt 0 ]; do
            case $1 in --runtime-endpoint | -r | --timeout | -t) shift 2 ;; --*=*) shift ;; *) break ;; esac
        done
        verb=${1:-}
        [ $# -eq 0 ] || shift
        [ "$(systemctl is-active containerd)" = active ] || die "crictl: connect: connection refused"
        case $verb in
            pods) for pod in "$STATE"/pods/*; do [ ! -e "$pod" ] || echo "${pod##*/}"; done ;;
            ps)
                case " $* " in
                    *" ^etcd$ "*) [ ! -e /etc/kubernetes/manifests/etcd.yaml ] || echo 5e1c0a3b7d92 ;;
                esac ;;
            exec)
                case " $* " in
                    *" etcdctl "*" member list "*) cat "$STATE/etcd-members" ;;
                    *" etcdctl "*" endpoint health "*) cat "$STATE/etcd-health" 2>/dev/null || die "unhealthy cluster" ;;
                    *) die "crictl: exec of $* is not known here" ;;
                esac ;;
            info) echo '{"status":{"conditions":[{"type":"RuntimeReady","status":true}]}}' ;;
            version) echo "RuntimeName:  containerd" ;;
            stopp) ;;
            rmp) for word; do case $word in -*) ;; *) rm -f "$STATE/pods/$word" ;; esac; done ;;
            *) die "crictl: unknown command $verb" ;;
        esac
        """#

    private static let calicoctl = #"""
        case "${1:-} ${2:-}" in
            "get node") [ -e "$STATE/calico-nodes/$3" ] || die "resource does not exist: Node($3)"; echo "$3" ;;
            "delete node") rm "$STATE/calico-nodes/$3" || exit 1; echo "Successfully deleted 1 'Node' resource(s)" ;;
            "node status") cat "$STATE/calico-status" 2>/dev/null || echo "Calico process is running." ;;
            *) die "calicoctl: unknown command $*" ;;
        esac
        """#

    // MARK: the kernel's

    private static let swapoff = #"""
        printf 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n' >/proc/swaps
        """#

    private static let swapon = #"""
        case " $* " in
            *" -a "*) printf '/swap.img file 2097148 0 -2\n' >>/proc/swaps ;;
            *--noheadings*) awk 'NR > 1 { print $1, $2, $3 }' /proc/swaps ;;
            *) awk 'NR > 1 { print $1, $2, $3 }' /proc/swaps ;;
        esac
        """#

    private static let modprobe = #"""
        code=0
        for word; do
            case $word in
                -*) continue ;;
                overlay | br_netfilter | nf_conntrack | xt_set | tun | ip_vs | ip_vs_rr | ip_vs_wrr | ip_vs_sh) ;;
                *) echo "modprobe: FATAL: Module $word not found" >&2; code=1; continue ;;
            esac
            mkdir -p "/sys/module/$word"
            [ ! -w /proc/modules ] || grep -q "^$word " /proc/modules || echo "$word 16384 0 - Live 0x0000000000000000" >>/proc/modules
        done
        exit "$code"
        """#

    private static let lsmod = #"""
        echo "Module                  Size  Used by"
        for module in /sys/module/*; do [ ! -d "$module" ] || echo "${module##*/} 16384 0"; done
        """#

    private static let ipvsadm = #"""
        F=$STATE/ipvs
        [ -e "$F" ] || : >"$F"
        case ${1:-} in
            -S | --save) cat "$F" ;;
            -R | --restore) cat >"$F" ;;
            -C | --clear) : >"$F" ;;
            -D) grep -q -e "^-A $2 $3 " "$F" || die "No such service"
                grep -v -e "$2 $3 " "$F" >"$F.new"
                mv "$F.new" "$F" ;;
            -L* | --list) echo "IP Virtual Server version 1.2.1"; cat "$F" ;;
            *) die "ipvsadm: unknown option $*" ;;
        esac
        """#

    /// Settings of the host's own network are the kernel's, by the real tool; any other is remembered.
    private static let sysctl = #"""
        D=$STATE/sysctl
        mkdir -p "$D"
        path() { echo "/proc/sys/$(echo "$1" | tr . /)"; }
        is_real() { case $1 in net.bridge.*) return 1 ;; net.*) [ -w "$(path "$1")" ] ;; *) return 1 ;; esac; }
        read_one() {
            if is_real "$1"; then /usr/sbin/sysctl -n "$1"
            elif [ -e "$D/$1" ]; then cat "$D/$1"
            elif [ -r "$(path "$1")" ]; then cat "$(path "$1")"
            elif [ "${1#net.bridge.}" != "$1" ] && [ -d /sys/module/br_netfilter ]; then echo 0
            else die "sysctl: cannot stat $(path "$1"): No such file or directory"; fi
        }
        write_one() {
            key=$(echo "${1%%=*}" | tr -d ' ' | tr / .)
            value=$(echo "${1#*=}" | sed 's/^ *//; s/ *$//')
            if is_real "$key"; then /usr/sbin/sysctl -w "$key=$value"; return; fi
            [ "${key#net.bridge.}" = "$key" ] || [ -d /sys/module/br_netfilter ] ||
                { echo "sysctl: cannot stat $(path "$key"): No such file or directory" >&2; return 1; }
            case $key in
                net.bridge.*) ;;
                net.*) [ -e "$(path "$key")" ] || { echo "sysctl: cannot stat $(path "$key"): No such file or directory" >&2; return 1; } ;;
            esac
            echo "$value" >"$D/$key"
            echo "$key = $value"
        }
        load() { grep -h -v -e '^[#;]' -e '^ *$' "$@" | while read -r line; do write_one "$line" || exit 1; done; }
        case ${1:-} in
            --system) load /etc/sysctl.d/*.conf; exit ;;
            -p* | --load*) shift; load "${1:-/etc/sysctl.conf}"; exit ;;
        esac
        plain=
        code=0
        for word; do
            case $word in
                -n) plain=yes ;;
                -*) ;;
                *=*) write_one "$word" || code=1 ;;
                *) value=$(read_one "$word") || { code=1; continue; }
                   if [ -n "$plain" ]; then echo "$value"; else echo "$word = $value"; fi ;;
            esac
        done
        exit "$code"
        """#

    // MARK: packages

    private static let packageState = #"""
        P=$STATE/packages
        mkdir -p "$P"
        # A package of Kubernetes or containerd brings its unit.
        install_one() {
            echo "$2" >"$P/$1"
            case $1 in
                kubelet | containerd | containerd.io)
                    unit=${1%.io}
                    [ -e "$STATE/units/$unit.active" ] || echo inactive >"$STATE/units/$unit.active"
                    [ -e "$STATE/units/$unit.enabled" ] || echo enabled >"$STATE/units/$unit.enabled" ;;
            esac
        }
        default_version() {
            case $1 in kubeadm | kubelet | kubectl) v=$(cat "$STATE/version"); echo "${v#v}-1.1" ;; *) echo 1.0-1 ;; esac
        }
        # The repository has one version that a pattern may mean; a version in full is there always.
        find_version() {
            case $2 in *'*'*) ;; *) echo "$2"; return ;; esac
            case $(default_version "$1") in $2) default_version "$1" ;; *) return 1 ;; esac
        }
        """#

    private static let aptGet =
        packageState + #"""

            verb=
            for word; do
                case $word in
                    -o) continue ;;
                    -* | *::*) continue ;;
                esac
                if [ -z "$verb" ]; then verb=$word; continue; fi
                case $verb in
                    install)
                        name=${word%%=*}
                        version=$(default_version "$name")
                        [ "$name" = "$word" ] || version=$(find_version "$name" "${word#*=}") ||
                            die "E: Version '${word#*=}' for '$name' was not found" 100
                        echo "Setting up $name ($version) ..."
                        install_one "$name" "$version" ;;
                    remove | purge) rm -f "$P/$word" ;;
                esac
            done
            """#

    private static let aptMark =
        packageState + #"""

            verb=${1:-}
            [ $# -eq 0 ] || shift
            case $verb in
                hold) for word; do : >"$P/.hold-$word"; echo "$word set on hold."; done ;;
                unhold) for word; do rm -f "$P/.hold-$word"; done ;;
                showhold) for file in "$P"/.hold-*; do [ ! -e "$file" ] || echo "${file##*.hold-}"; done ;;
            esac
            """#

    private static let aptCache =
        packageState + #"""

            [ "${1:-}" = policy ] || exit 0
            echo "$2:"
            echo "  Installed: $(cat "$P/$2" 2>/dev/null || echo '(none)')"
            echo "  Candidate: $(default_version "$2")"
            """#

    private static let dpkgQuery =
        packageState + #"""

            format='${Package}\t${Version}\n'
            code=0
            for word; do
                case $word in
                    -W | --show) ;;
                    -f | --showformat) ;;
                    -f=* | --showformat=*) format=${word#*=} ;;
                    -f*) format=${word#-f} ;;
                    *'${'*) format=$word ;;
                    *)
                        if [ -e "$P/$word" ]; then
                            printf "$(printf '%s' "$format" | sed "s/\${Package}/$word/g; s/\${Version}/$(cat "$P/$word")/g; s/\${Status}/install ok installed/g; s/\${db:Status-Status}/installed/g; s/\${db:Status-Abbrev}/ii /g")"
                        else
                            echo "dpkg-query: no packages found matching $word" >&2
                            code=1
                        fi ;;
                esac
            done
            exit "$code"
            """#

    private static let dpkg =
        packageState + #"""

            case ${1:-} in
                -s) [ -e "$P/$2" ] || die "dpkg-query: package '$2' is not installed"
                    printf 'Package: %s\nStatus: install ok installed\nVersion: %s\n' "$2" "$(cat "$P/$2")" ;;
                -l) [ -e "$P/$2" ] || die "dpkg-query: no packages found matching $2"
                    printf 'ii  %s %s amd64\n' "$2" "$(cat "$P/$2")" ;;
                --print-architecture) echo amd64 ;;
                *) die "dpkg: unknown option $*" ;;
            esac
            """#

    private static let dnf =
        packageState + #"""

            verb=
            what=
            # Without its plugin dnf does not know the verb.
            lock() {
                [ -e "$P/dnf-command(versionlock)" ] || die "No such command: versionlock. Please use /usr/bin/dnf --help"
                case $what in
                    list) for file in "$P"/.hold-*; do [ ! -e "$file" ] || echo "${file##*.hold-}-0:$(cat "$file").*"; done ;;
                    add) [ -e "$P/.hold-$1" ] || cat "$P/$1" >"$P/.hold-$1"; echo "Adding versionlock on: $1" ;;
                    delete) rm "$P/.hold-$1" 2>/dev/null || die "Error: Package $1 not found in lock list" ;;
                esac
            }
            # A locked package is there in its locked version only, for whoever has the plugin on.
            is_locked_out() {
                case " $all " in *" --disableplugin=versionlock "*) return 1 ;; esac
                [ -e "$P/.hold-$1" ] && [ "$(cat "$P/.hold-$1")" != "$2" ]
            }
            all=$*
            for word; do
                case $word in -*) continue ;; esac
                if [ -z "$verb" ]; then verb=$word; continue; fi
                case $verb in
                    install)
                        name=$(echo "$word" | sed 's/-[0-9][0-9.]*.*$//')
                        version=$(default_version "$name")
                        if [ "$name" != "$word" ]; then
                            wanted=${word#"$name"-}
                            case $version in "$wanted"-*) ;; *) version=$(find_version "$name" "$wanted") || die "No match for argument: $word" ;; esac
                        fi
                        ! is_locked_out "$name" "$version" || die "Error: Unable to find a match: $word"
                        install_one "$name" "$version" ;;
                    remove | erase) rm -f "$P/$word" ;;
                    versionlock) if [ -z "$what" ]; then what=$word; [ "$what" != list ] || lock; else lock "$word"; fi ;;
                esac
            done
            """#

    /// Locks are no plugin's, and always in force; options of dnf 4 that are gone are refused.
    private static let dnf5 =
        packageState + #"""

            L=/etc/dnf/versionlock.toml
            # One paragraph a package; "KEY COMPARATOR VALUE" of each condition of one.
            conditions() {
                [ ! -e "$L" ] || awk -v RS= -v name="$1" 'index($0, "\nname = \"" name "\"\n") {
                    count = split($0, line, "\n")
                    for (i = 1; i <= count; i++) {
                        value = line[i]
                        gsub(/^[a-z]+ = "|"$/, "", value)
                        if (line[i] ~ /^(key|comparator) = /) words = words value " "
                        if (line[i] ~ /^value = /) { print words value; words = "" }
                    }
                }' "$L"
            }
            unlock() {
                [ ! -e "$L" ] || { awk -v RS= -v ORS='\n\n' -v name="$1" '!index($0, "\nname = \"" name "\"\n")' "$L" >"$L.new" && mv "$L.new" "$L"; }
            }
            # A locked package is there in the versions that a lock of it permits.
            is_locked_out() {
                [ -n "$(conditions "$1")" ] || return 1
                ! conditions "$1" | while read -r key comparator value; do
                    least=$(printf '%s\n' "$value" "$2" | sort -V | head -n 1)
                    case $comparator in
                        =) [ "${value#*:}" != "$2" ] || echo yes ;;
                        '<') [ "$value" = "$2" ] || [ "$least" != "$2" ] || echo yes ;;
                    esac
                done | grep -q yes
            }
            verb=
            what=
            locks=
            for word; do
                case $word in
                    --version) echo "dnf5 version 5.2.13.1"; exit ;;
                    -q | -y | --setopt=* | --disable-plugin=*) continue ;;
                    -*) die "Unknown argument \"$word\" for command \"dnf5\". Add \"--help\" for more information about the arguments." 2 ;;
                esac
                if [ -z "$verb" ]; then verb=$word; continue; fi
                case $verb in
                    install)
                        name=$(echo "$word" | sed 's/-[0-9][0-9.]*.*$//')
                        version=$(default_version "$name")
                        if [ "$name" != "$word" ]; then
                            wanted=${word#"$name"-}
                            case $version in "$wanted"-*) ;; *) version=$(find_version "$name" "$wanted") || die "No match for argument: $word" ;; esac
                        fi
                        ! is_locked_out "$name" "$version" || die "No match for argument: $word"
                        install_one "$name" "$version" ;;
                    remove) rm -f "$P/$word" ;;
                    versionlock) if [ -z "$what" ]; then what=$word; else locks="$locks $word"; fi ;;
                    *) die "Unknown argument \"$verb\" for command \"dnf5\"." 2 ;;
                esac
            done
            [ "$verb" = versionlock ] || exit 0
            case $what in
                list)
                    first=yes
                    for name in $(sed -n 's/^name = "\(.*\)"$/\1/p' "$L" 2>/dev/null); do
                        [ -n "$first" ] || echo
                        first=
                        printf '# Added by "versionlock add" command on 2026-11-26 02:00:00\nPackage name: %s\n' "$name"
                        conditions "$name"
                    done ;;
                add)
                    mkdir -p /etc/dnf
                    [ -e "$L" ] || printf 'version = "1.0"\n\n' >"$L"
                    for name in $locks; do
                        if [ -e "$P/$name" ]; then
                            printf '[[packages]]\nname = "%s"\n[[packages.conditions]]\nkey = "evr"\ncomparator = "="\nvalue = "%s"\n\n' "$name" "$(cat "$P/$name")" >>"$L"
                            echo "Adding versionlock on \"$name = $(cat "$P/$name")\"."
                        else echo "No package found for \"$name\"." >&2; fi
                    done ;;
                delete) for name in $locks; do unlock "$name"; done ;;
                *) die "Unknown argument \"$what\" for command \"versionlock\"." 2 ;;
            esac
            """#

    private static let rpm =
        packageState + #"""

            code=0
            format='%{NAME}-%{VERSION}\n'
            for word; do
                case $word in
                    --qf | --queryformat) ;;
                    *'%{'*) format=$word ;;
                    -*) ;;
                    *)
                        if [ -e "$P/$word" ]; then
                            text=$(printf '%s' "$format" | sed "s/%{NAME}/$word/g; s/%{VERSION}/$(cat "$P/$word")/g; s/-*%{RELEASE}//g")
                            printf '%b' "$text"
                        else
                            echo "package $word is not installed"
                            code=1
                        fi ;;
                esac
            done
            exit "$code"
            """#
}
