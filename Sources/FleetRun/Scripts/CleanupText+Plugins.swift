extension CleanupText {
    /// What network plugins leave of their own: Calico's node, routes, rules of routing, and eBPF (D12).
    static let plugins = #"""
        # What only its configuration tells, before that goes: flannel marks its routes in no way.
        flannel_networks=$(sed -n 's/^FLANNEL_[A-Z0-9_]*NETWORK=//p' /run/flannel/subnet.env 2>/dev/null | tr ',' '\n')

        clean_calico_node() {
            plugin calico && [ -n "$FLEET_NODE" ] || return 0
            if ! have calicoctl; then
                [ ! -e /var/lib/calico/nodename ] ||
                    say kept "Calico node $FLEET_NODE: no calicoctl here; Calico's controller takes it off after the Node"
            elif with_limit 30 calicoctl get node "$FLEET_NODE" >/dev/null 2>&1 </dev/null
            then item "Calico node $FLEET_NODE" with_limit 60 calicoctl delete node "$FLEET_NODE"
            else absent "Calico node $FLEET_NODE"; fi
        }

        families() { for family in -4 -6; do ! ip "$family" route show >/dev/null 2>&1 || echo "$family"; done; }

        # A routing daemon of the host's own marks its routes as Calico's bird does (12); Felix has a mark of its own (80).
        calico_marks() {
            echo 80
            for unit in bird bird6 bird2; do [ "$(systemctl is-active "$unit" 2>/dev/null)" != active ] || return 0; done
            echo 12
        }

        calico_routes() {
            for family in $(families); do
                for mark in $(calico_marks); do ip "$family" route show proto "$mark" 2>/dev/null; done
            done
        }

        remove_calico_routes() {
            for family in $(families); do
                for mark in $(calico_marks); do
                    [ -z "$(ip "$family" route show proto "$mark" 2>/dev/null)" ] || ip "$family" route flush proto "$mark" || return 1
                done
            done
        }

        # FAMILY PREFIX GATEWAY DEVICE of each route into flannel's network over another node (host-gw).
        flannel_routes() {
            for network in $flannel_networks; do
                case $network in *:*) family=-6 ;; *) family=-4 ;; esac
                ip "$family" route show root "$network" 2>/dev/null | awk -v family="$family" '$2 == "via" && $4 == "dev" { print family, $1, $3, $5 }'
            done
        }

        remove_flannel_routes() {
            flannel_routes | while read -r family prefix gateway device; do
                ip "$family" route del "$prefix" via "$gateway" dev "$device" || exit 1
            done
        }

        # FAMILY PRIORITY MARK TABLE of Cilium's rules: to its proxy (2004), and from there (2005).
        cilium_rules() {
            for family in $(families); do
                ip "$family" rule show 2>/dev/null |
                    sed -n -E "s,^([0-9]+):[[:space:]]+from all fwmark (0x[0-9a-f]+/0xf00) lookup (2004|2005)\\b.*,$family \\1 \\2 \\3,p"
            done
        }

        remove_cilium_rules() {
            cilium_rules | while read -r family priority mark table; do
                ip "$family" rule del pref "$priority" fwmark "$mark" lookup "$table" || exit 1
                ip "$family" route flush table "$table" 2>/dev/null
            done
            [ -z "$(cilium_rules)" ]
        }

        # rows NAME LIST COMMAND: one row for all that a list has.
        rows() {
            count=$("$2" | grep -c .)
            if [ "$count" -gt 0 ]; then item "$1 ($count)" "$3"; else absent "$1"; fi
        }

        clean_routes() {
            have ip || return 0
            ! plugin calico || rows "routes of Calico" calico_routes remove_calico_routes
            ! plugin flannel || rows "routes of Flannel" flannel_routes remove_flannel_routes
            ! plugin cilium || rows "rules of Cilium" cilium_rules remove_cilium_rules
        }

        # DEVICE WAY PROTOCOL PRIORITY HANDLE of each filter whose program is Cilium's.
        cilium_filters() {
            have tc && have ip || return 0
            ip -o link show 2>/dev/null | sed 's/^[0-9]*: *\([^:@ ]*\).*/\1/' | while read -r device; do
                for way in ingress egress; do
                    tc filter show dev "$device" "$way" 2>/dev/null </dev/null | awk -v place="$device $way" '
                        / bpf / && /[ ](cil_|bpf_(netdev|host|lxc|overlay|network))/ {
                            for (i = 1; i < NF; i++) value[$i] = $(i + 1)
                            print place, value["protocol"], value["pref"], value["handle"]
                        }'
                done
            done
        }

        # Pinned maps and links: what is attached by a link alone goes with its pin.
        cilium_pins() {
            for path in /sys/fs/bpf/cilium /sys/fs/bpf/tc/globals/cilium_*; do [ ! -e "$path" ] || echo "$path"; done
        }

        cilium_programs() { cilium_filters; cilium_pins; }

        # Cilium's own clean-up where its program is there; then what is left.
        remove_cilium_programs() {
            for tool in cilium-dbg cilium; do
                have "$tool" && "$tool" post-uninstall-cleanup --help >/dev/null 2>&1 || continue
                with_limit 120 "$tool" post-uninstall-cleanup -f --all-state || return 1
                break
            done
            cilium_filters | while read -r device way protocol priority handle; do
                tc filter del dev "$device" "$way" protocol "$protocol" pref "$priority" handle "$handle" bpf || exit 1
            done || return 1
            cilium_pins | while read -r path; do rm -rf --one-file-system -- "$path" || exit 1; done || return 1
            left=$(cilium_programs)
            [ -z "$left" ] || { echo "still there: $left"; return 1; }
        }

        clean_programs() { ! plugin cilium || rows "eBPF of Cilium" cilium_programs remove_cilium_programs; }
        """#
}
