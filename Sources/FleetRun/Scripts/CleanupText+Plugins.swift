extension CleanupText {
    /// What network plugins leave of their own: Calico's node, routes, rules of routing, and eBPF (D12).
    static let plugins = #"""
        # Flannel marks its routes in no way: only its configuration tells, and that goes before them. What it told is kept
        # for the passes and the verification that follow, of whichever run, until nothing is left.
        FLANNEL=/var/lib/fleet/flannel
        flannel_networks=$(sed -n 's/^FLANNEL_[A-Z0-9_]*NETWORK=//p' /run/flannel/subnet.env "$FLANNEL" 2>/dev/null | tr ',' '\n' | sort -u)

        keep_flannel_networks() {
            plugin flannel && [ -n "$flannel_networks" ] || return 0
            for network in $flannel_networks; do echo "FLANNEL_NETWORK=$network"; done >"$FLANNEL.new" &&
                mv -f "$FLANNEL.new" "$FLANNEL"
        }

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

        # Calico's is gone with the pods: one that still runs is the host's own, however it was started. Before, for a dry
        # run, the pods' do not count.
        own_bird() {
            for unit in bird bird6 bird2; do [ "$(systemctl is-active "$unit" 2>/dev/null)" != active ] || return 0; done
            for file in $(grep -l -s -x -E 'bird|bird2|bird6' /proc/[0-9]*/comm); do
                [ "$FLEET_MODE" = dry-run ] && grep -q -s kubepods "${file%comm}cgroup" || return 0
            done
            return 1
        }

        # A routing daemon of the host's own marks its routes as Calico's bird does (12); Felix has a mark of its own (80).
        calico_marks() {
            echo 80
            own_bird || echo 12
        }

        # routes FAMILY KEY VALUE: a row FAMILY KEY VALUE ROUTE for each, as ip takes it back: on one line, without what it
        # only shows.
        routes() {
            ip -o "$1" route show "$2" "$3" 2>/dev/null | awk -v start="$1 $2 $3" '{
                gsub(/\\/, " ")
                row = start
                for (i = 1; i <= NF; i++)
                    if ($i !~ /^(dead|linkdown|pervasive|unresolved|(rt_)?(offload|trap)|(rt_)?offload_failed)$/) row = row " " $i
                print row
            }'
        }

        all_calico_routes() {
            for family in $(families); do
                for mark in $(calico_marks); do routes "$family" proto "$mark"; done
            done
        }

        # By a default route the host is reached, whoever learned it: it stays.
        calico_routes() { all_calico_routes | awk '$4 != "default" && $5 != "default"'; }

        remove_calico_routes() {
            calico_routes | while read -r family route; do ip "$family" route del $route || exit 1; done
        }

        # FAMILY ROUTE for each into flannel's network over another node (host-gw). A daemon that marks its routes is another.
        flannel_routes() {
            for network in $flannel_networks; do
                case $network in *:*) family=-6 ;; *) family=-4 ;; esac
                routes "$family" root "$network" |
                    awk '$4 != "default" && $5 == "via" && $7 == "dev" && !/ proto / { sub(/ root [^ ]+/, ""); print }'
            done
        }

        remove_flannel_routes() {
            flannel_routes | while read -r family route; do ip "$family" route del $route || exit 1; done
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
                # The table first: without its rule nobody would know of it any more.
                [ -z "$(routes "$family" table "$table")" ] || ip "$family" route flush table "$table" || exit 1
                ip "$family" rule del pref "$priority" fwmark "$mark" lookup "$table" || exit 1
            done
            [ -z "$(cilium_rules)" ]
        }

        # What goes of routes and rules, as ip takes it back: a table before the rule that leads to it.
        lost_routes() {
            have ip || return 0
            if plugin calico; then
                calico_routes | while read -r family route; do echo "$family route replace $route"; done
            fi
            if plugin flannel; then
                flannel_routes | while read -r family route; do echo "$family route replace $route"; done
            fi
            if plugin cilium; then
                cilium_rules | while read -r family priority mark table; do
                    routes "$family" table "$table" | while read -r family route; do echo "$family route replace $route"; done
                    echo "$family rule add pref $priority fwmark $mark lookup $table"
                done
            fi
        }

        # rows NAME LIST COMMAND: one row for all that a list has.
        rows() {
            count=$("$2" | grep -c .)
            if [ "$count" -gt 0 ]; then item "$1 ($count)" "$3"; else absent "$1"; fi
        }

        clean_routes() {
            have ip || return 0
            if plugin calico; then
                rows "routes of Calico" calico_routes remove_calico_routes
                [ -z "$(all_calico_routes | awk '$4 == "default" || $5 == "default"')" ] ||
                    say kept "a default route that is marked as Calico's"
            fi
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
