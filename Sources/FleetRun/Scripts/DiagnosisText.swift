public import FleetModel

/// The script that gathers what a diagnosis needs from a host, as shell text.
enum DiagnosisText {
    /// What the network plugin says of itself: `cni_status=…` for whatever is not well, `bgp_peer=ADDRESS STATE (INFO)` for
    /// Calico's peers that are not up.
    static let pluginStatus = #"""
        # The plugin's own word, from a tool on the host or in its pod. Of Calico's peers those that are not up.
        plugin_status() {
            if have calicoctl && [ -e /var/lib/calico/nodename ]; then
                words=$(with_limit 15 calicoctl node status 2>&1 </dev/null) || say cni_status "calicoctl node status: $(printf '%s' "$words" | tail -n 1 | cut -c 1-300)"
                printf '%s\n' "$words" | awk -F '|' '
                    NF > 5 && $2 !~ /PEER ADDRESS/ && $4 !~ /^ *up *$/ { gsub(/ /, "", $2); gsub(/^ +| +$/, "", $4); gsub(/^ +| +$/, "", $6); print $2, $4, "(" $6 ")" }' |
                    while read -r line; do say bgp_peer "$line"; done
            fi
            # The administrator's tool has the agent's name, and needs a kubeconfig; only the agent's knows endpoints.
            for tool in cilium-dbg cilium; do
                have "$tool" && with_limit 15 "$tool" endpoint --help >/dev/null 2>&1 </dev/null || continue
                words=$(with_limit 15 "$tool" status --brief 2>&1 </dev/null) || say cni_status "$tool status: $(printf '%s' "$words" | tail -n 1 | cut -c 1-300)"
                return
            done
            have crictl || return 0
            agent=$(with_limit 15 crictl ps -q --name '^cilium-agent$' 2>/dev/null | head -n 1)
            [ -n "$agent" ] || return 0
            words=$(with_limit 15 crictl exec "$agent" cilium-dbg status --brief 2>&1 </dev/null) ||
                say cni_status "cilium-dbg status: $(printf '%s' "$words" | tail -n 1 | cut -c 1-300)"
        }
        """#

    static let facts = #"""
        unit_value() { systemctl show -p "$2" "$1" 2>/dev/null | sed -n 's/^[^=]*=//p'; }

        # What went wrong last, in the unit's own words: klog's errors and fatals, and lines that say so.
        last_errors() {
            journalctl -u "$1" -n 400 --no-pager -o cat 2>/dev/null |
                grep -E '^[EF][0-9]{4} |[Ee]rror|[Ff]ailed|fatal' | tail -n 3 | cut -c 1-300
        }

        units() {
            for unit in kubelet containerd crio; do
                say "${unit}_state" "$(systemctl is-active "$unit" 2>/dev/null)"
                # Later systemds say of what is not there that it is not found, where earlier ones say nothing.
                say "${unit}_boot" "$(systemctl is-enabled "$unit" 2>/dev/null | grep -v -x not-found)"
                say "${unit}_restarts" "$(unit_value "$unit" NRestarts)"
                last_errors "$unit" | while read -r line; do say "${unit}_error" "$line"; done
            done
        }

        runtime() {
            have crictl || return 0
            if words=$(with_limit 15 crictl info 2>&1); then say runtime_answers yes
            else say runtime_answers no; say runtime_error "$(printf '%s' "$words" | tail -n 1 | cut -c 1-300)"; fi
        }

        cgroups() {
            say kubelet_cgroup "$(sed -n 's/^cgroupDriver:[[:space:]]*//p' /var/lib/kubelet/config.yaml 2>/dev/null | tr -d '"')"
            # CRI-O's is systemd where its configuration does not say otherwise; a later file wins.
            if [ "$(systemctl is-active crio 2>/dev/null)" = active ]; then
                own=$(cat /etc/crio/crio.conf /etc/crio/crio.conf.d/* 2>/dev/null | sed -n 's/^[[:space:]]*cgroup_manager[[:space:]]*=[[:space:]]*"\([a-z]*\)".*/\1/p' | tail -n 1)
                say runtime_cgroup "${own:-systemd}"
                return
            fi
            [ -r /etc/containerd/config.toml ] || return 0
            if grep -q -E '^[[:space:]]*SystemdCgroup[[:space:]]*=[[:space:]]*true' /etc/containerd/config.toml
            then say runtime_cgroup systemd; else say runtime_cgroup cgroupfs; fi
        }

        network_plugin() {
            say cni_configurations "$(ls /etc/cni/net.d 2>/dev/null | grep -c -E '\.(conf|conflist|json)$')"
            for name in $(cat /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist 2>/dev/null |
                grep -o -E '"type"[[:space:]]*:[[:space:]]*"[a-z0-9-]+"' | sed 's/.*"\([a-z0-9-]*\)"$/\1/' | sort -u); do
                # Calico's policy has a type too, and no program.
                [ "$name" != k8s ] || continue
                [ -x "/opt/cni/bin/$name" ] || [ -x "/usr/lib/cni/$name" ] || [ -x "/usr/libexec/cni/$name" ] || say cni_missing "$name"
            done
            for log in /var/log/calico/cni/cni.log /run/cilium/cilium-cni.log; do
                [ ! -r "$log" ] || grep -E 'ERROR|error' "$log" | tail -n 2 | cut -c 1-300 |
                    while read -r line; do say cni_error "$line"; done
            done
        }

        # Over TCP, as every server of names must be reached too (RFC 7766); an answer, a refusal, or silence.
        asked_for_names() {
            case $1 in *:*) place="[$1]" ;; *) place=$1 ;; esac
            words=$(curl -v -k -s --noproxy '*' -m 3 -o /dev/null "http://$place:53/" 2>&1)
            case "$?:$words" in
                7:*efused*) echo refuses ;;
                7:* | 28:*) echo silent ;;
                *) echo answers ;;
            esac
        }

        names() {
            have curl || return 0
            for server in $(awk '$1 == "nameserver" { print $2 }' /etc/resolv.conf 2>/dev/null | head -n 3); do
                say resolver "$server $(asked_for_names "$server")"
            done
            for server in $(awk '/^[a-zA-Z]/ { inside = /^clusterDNS:/ } inside && /^ *- / { gsub(/["\047]/, "", $2); print $2 }' /var/lib/kubelet/config.yaml 2>/dev/null | head -n 3); do
                say cluster_dns "$server $(asked_for_names "$server")"
            done
        }

        # Any answer of HTTP is a way to the API server; only the way is asked for here.
        api_server() {
            server=$(kubeconfig_value /etc/kubernetes/kubelet.conf server)
            [ -n "$server" ] || return 0
            place=${server#*://}
            say api_server "${place%%/*}"
            name=${place%%[:/]*}
            case $name in
                '['*) ;;
                *[!0-9.]*) with_limit 10 getent hosts "$name" >/dev/null 2>&1 || { say api_name unresolved; return; } ;;
            esac
            have curl || return 0
            if words=$(curl -k -s -S --noproxy '*' -m 5 -o /dev/null "$server/livez" 2>&1); then say api_answers yes
            else say api_answers no; say api_error "$(printf '%s' "$words" | tail -n 1 | cut -c 1-300)"; fi
        }

        # Other nodes' kubelets: an answer or a refusal is a way to them, silence is none.
        peers() {
            have curl || return 0
            for peer in ${FLEET_PEERS:-}; do
                case $peer in *:*) place="[$peer]" ;; *) place=$peer ;; esac
                # Only the verbose words tell a refusal from no way at all.
                words=$(curl -v -k -s --noproxy '*' -m 3 -o /dev/null "https://$place:10250/healthz" 2>&1)
                case "$?:$words" in
                    7:*efused*) say peer "$peer yes" ;;
                    7:* | 28:*) say peer "$peer no" ;;
                    *) say peer "$peer yes" ;;
                esac
            done
        }

        # certificate_end KEY FILE: when a certificate's time is over.
        certificate_end() {
            end=$(openssl x509 -in "$2" -noout -enddate 2>/dev/null | sed 's/^notAfter=//')
            [ -z "$end" ] || say "$1" "$(date -d "$end" +%s 2>/dev/null)"
        }

        certificates() {
            have openssl || return 0
            pki=/var/lib/kubelet/pki
            certificate_end certificate_end "$pki/kubelet-client-current.pem"
            # Where the kubelet has one signed for it, that is the one; else it has made one for itself.
            if [ -e "$pki/kubelet-server-current.pem" ]; then certificate_end serving_end "$pki/kubelet-server-current.pem"
            else certificate_end serving_end "$pki/kubelet.crt"; fi
            certificate_end authority_end /etc/kubernetes/pki/ca.crt
        }

        space() {
            for path in / /var/lib/kubelet /var/lib/containerd /var/log; do
                [ -d "$path" ] || continue
                used=$(df -P "$path" 2>/dev/null | awk 'NR == 2 { sub("%", "", $5); print $5 }')
                nodes=$(df -Pi "$path" 2>/dev/null | awk 'NR == 2 { sub("%", "", $5); print $5 }')
                say disk "$path ${used:-0} ${nodes:-0}"
            done
        }

        facts() {
            say hostname "$(uname -n)"
            say time "$(date +%s)"
            if [ -s /etc/kubernetes/kubelet.conf ]; then say joined yes; else say joined no; fi
            cluster_authorities | while read -r hash; do say cluster_ca_sha256 "$hash"; done
            units
            runtime
            cgroups
            network_plugin
            plugin_status
            names
            api_server
            peers
            certificates
            space
            say swap "$(awk 'NR > 1 { print $1 }' /proc/swaps 2>/dev/null | tr '\n' ' ' | sed 's/ $//')"
            say memory_kib "$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)"
            say ip_forward "$(cat /proc/sys/net/ipv4/ip_forward 2>/dev/null)"
            say end yes
        }

        facts </dev/null
        """#
}

extension HostCommand {
    /// Asks a node's host for what explains that it does not work, among it whether it reaches three others (X3).
    public static func diagnosis(of name: NodeName, among nodes: some Sequence<Node>) -> HostCommand {
        let others = nodes.filter { $0.name != name && $0.isReady }.sorted { $0.name < $1.name }
        let addresses = others.compactMap(\.internalAddresses.first).prefix(3)
        return HostCommand(
            script: NodeScript.diagnosis, environment: ["FLEET_PEERS": addresses.joined(separator: " ")],
            timeoutSeconds: 120)
    }
}

extension NodeScript {
    /// Gathers what explains a Node that is not Ready: units, runtime, network plugin, the way to the API server,
    /// certificates, space, swap.
    ///
    /// FLEET_PEERS holds addresses of other nodes. Changes nothing; answers in the keys that ``HostFacts`` reads.
    public static let diagnosis = assemble(
        [], [ScriptText.prelude, ScriptText.clusterAuthority, DiagnosisText.pluginStatus, DiagnosisText.facts])
}
