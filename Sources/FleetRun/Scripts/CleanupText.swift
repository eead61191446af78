/// The parts of the clean-up script, as shell text, in the order in which they are put together.
enum CleanupText {
    /// One row of the answer per item: `item NAME COMMAND…` for what is there, `absent NAME` for what is not.
    static let items = #"""
        STATE=/var/lib/fleet/$FLEET_RUN
        LOG=/dev/null
        failures=0
        found=0

        item() {
            name=$1
            shift
            found=$((found + 1))
            case $FLEET_MODE in
                dry-run) say pending "$name" ;;
                verify) say left "$name" ;;
                apply)
                    printf '== %s\n' "$name" >>"$LOG"
                    if messages=$("$@" 2>&1 </dev/null); then
                        say changed "$name"
                    else
                        failures=$((failures + 1))
                        say failed "$name: $(printf '%s' "$messages" | tail -n 3)"
                    fi
                    printf '%s\n' "$messages" >>"$LOG"
                    ;;
            esac
        }

        absent() {
            case $FLEET_MODE in
                verify) say gone "$1" ;;
                *) say unchanged "$1" ;;
            esac
        }

        # unseen WHAT PACKAGE: the kernel has some, and no tool here tells whose; called gone they would stay.
        unseen() {
            found=$((found + 1))
            case $FLEET_MODE in
                dry-run) say pending "$1, once $2 is installed" ;;
                verify) say left "$1: the kernel has some, and nothing here tells whose; install $2" ;;
                apply)
                    failures=$((failures + 1))
                    say failed "$1: the kernel has some, and nothing here tells whose; install $2"
                    ;;
            esac
        }

        # A module of the kernel that something uses, by an extended regular expression for its name.
        in_use() { grep -q -s -E "^($1) [0-9]+ [1-9]" /proc/modules; }

        refuse() {
            say refused "$1"
            say result refused
            exit 3
        }

        plugin() {
            case " $FLEET_PLUGINS " in *" $1 "*) return 0 ;; *) return 1 ;; esac
        }
        """#

    /// What must hold before anything is touched: safety rules 2, 3 and 7.
    static let guards = #"""
        check_root() { [ "$(id -u)" = 0 ] || refuse "the clean-up must run as root, not as $(id -un)"; }

        check_run() {
            case $FLEET_RUN in
                '' | .* | *[!A-Za-z0-9._-]*) refuse "run id $FLEET_RUN is not made of letters, digits, '.', '_', '-'" ;;
            esac
        }

        check_cluster() {
            [ -n "$FLEET_CA" ] || return 0
            hashes=$(cluster_authorities)
            [ -n "$hashes" ] || return 0
            printf '%s\n' "$hashes" | grep -q -x "$FLEET_CA" ||
                refuse "the kubelet of $(uname -n) trusts another cluster's CA ($hashes), not $FLEET_CA"
        }

        check_worker() {
            [ "$FLEET_CONTROL_PLANE" = no ] || return 0
            signs=$(control_plane_signs)
            [ -z "$signs" ] || refuse "$(uname -n) is a control-plane host: $signs"
        }

        check_path() {
            case $1 in
                */../* | */.. | */./* | */. | *//*) refuse "$1 is no path for a clean-up" ;;
                # A link with a slash behind it is no link to the shell, and to rm the directory that it leads to.
                ?*/) refuse "$1 ends in a slash; write ${1%/}" ;;
                / | /etc | /var | /var/lib | /var/log | /opt | /run | /home | /root | /srv | /mnt | /data)
                    refuse "$1 holds more than Kubernetes" ;;
                /bin* | /boot* | /dev* | /lib* | /proc* | /sbin* | /sys* | /usr* | /var/lib/fleet*)
                    refuse "$1 is never cleaned" ;;
                /*/*) ;;
                *) refuse "$1 is no path for a clean-up" ;;
            esac
            [ ! -L "$1" ] || refuse "$1 is a symbolic link to $(readlink "$1"); removal follows none: move it by hand"
        }

        paths() { printf '%s\n' "$FLEET_PATHS"; }

        # Before the shell splits the list: a "*" must not become the names that it matches.
        check_paths() {
            strange=$(paths | tr -d 'A-Za-z0-9/._@:+\n-')
            [ -z "$strange" ] || refuse "a path for a clean-up has $strange in it: $FLEET_PATHS"
            for path in $(paths); do
                check_path "$path"
                parent=$(dirname "$path")
                [ ! -d "$parent" ] || [ "$(cd "$parent" && pwd -P)" = "$parent" ] ||
                    refuse "$parent leads elsewhere through a symbolic link: $(cd "$parent" && pwd -P)"
            done
        }
        """#

    /// Mounts below the listed paths: the kubelet's own are taken down, any other stops the clean-up (safety rule 7).
    static let mounts = #"""
        # Mounts that hold no data of their own: the kubelet writes them from the API, or binds them from others; network
        # plugins mount what the kernel shows.
        holds_no_data() {
            case $1 in
                /run/calico/cgroup | /run/cilium/cgroupv2) [ "$2" = cgroup2 ] ;;
                /run/cilium/bpffs) [ "$2" = bpf ] ;;
                /var/lib/kubelet/pods/*/volume-subpaths/*) return 0 ;;
                /var/lib/kubelet/pods/*/volumes/kubernetes.io~projected/* | \
                /var/lib/kubelet/pods/*/volumes/kubernetes.io~secret/* | \
                /var/lib/kubelet/pods/*/volumes/kubernetes.io~configmap/* | \
                /var/lib/kubelet/pods/*/volumes/kubernetes.io~downward-api/* | \
                /var/lib/kubelet/pods/*/volumes/kubernetes.io~empty-dir/*) [ "$2" = tmpfs ] ;;
                *) return 1 ;;
            esac
        }

        all_mounts() { for path in $(paths); do mounts_below "$path"; done; }

        check_foreign_mounts() {
            all_mounts | while read -r point type; do
                holds_no_data "$point" "$type" || printf '%s (%s) ' "$point" "$type"
            done
        }

        refuse_mounts() {
            foreign=$(check_foreign_mounts)
            [ -z "$foreign" ] || refuse "mounted below a path to be removed: ${foreign% }; unmount it first"
        }

        unmount_volumes() {
            list=$(all_mounts)
            [ -n "$list" ] || { absent "volumes of the kubelet"; return; }
            while read -r point type; do
                holds_no_data "$point" "$type" && item "mount $point" umount "$(printf '%b' "$point")"
            done <<END_OF_MOUNTS
        $list
        END_OF_MOUNTS
        }

        refuse_left_mounts() {
            [ "$FLEET_MODE" = apply ] || return 0
            left=$(all_mounts | cut -d ' ' -f 1)
            [ -z "$left" ] || refuse "still mounted below a path to be removed: $left"
        }
        """#

    /// The kubelet, kubeadm's own reset, pods of the runtime, and the directories.
    static let host = #"""
        clean_kubelet() {
            if kubelet_runs; then item kubelet kubelet_stop; else absent kubelet; fi
        }

        joined() {
            for file in /etc/kubernetes/*.conf /etc/kubernetes/manifests/* /etc/kubernetes/pki/* /var/lib/kubelet/*; do
                [ ! -e "$file" ] && [ ! -L "$file" ] || return 0
            done
            return 1
        }

        # Where two runtimes are installed kubeadm asks which; the kubelet's configuration knows.
        runtime_endpoint() {
            for file in instance-config.yaml kubeadm-flags.env config.yaml; do
                sed -n 's/.*[cC]ontainer-*[rR]untime-*[eE]ndpoint[=:] *"*\([^" ][^" ]*\).*/\1/p' \
                    "/var/lib/kubelet/$file" 2>/dev/null
            done | head -n 1
        }

        reset_node() {
            endpoint=$(runtime_endpoint)
            with_limit 300 kubeadm reset -f ${endpoint:+--cri-socket "$endpoint"}
        }

        clean_kubeadm() {
            [ "$FLEET_MODE" = verify ] && return
            if have kubeadm && joined; then item "kubeadm reset" reset_node; else absent "kubeadm reset"; fi
        }

        runtime_pods() {
            have crictl || return 0
            with_limit 30 crictl pods -q 2>/dev/null
        }

        remove_pods() {
            runtime_pods | while read -r pod; do with_limit 120 crictl rmp -f "$pod" || exit 1; done
        }

        clean_pods() {
            if ! have crictl && grep -q -s /kubepods /proc/[0-9]*/cgroup; then
                unseen "pods of the container runtime" cri-tools
                return
            fi
            count=$(runtime_pods | grep -c .)
            if [ "$count" -gt 0 ]; then item "pods of the container runtime" remove_pods
            else absent "pods of the container runtime"; fi
        }

        is_mount_point() { awk -v point="$1" '$5 == point { hit = 1 } END { exit !hit }' /proc/self/mountinfo; }

        is_empty() { [ -z "$(ls -A "$1" 2>/dev/null)" ]; }

        # Looked at again right before: nothing mounted below, no link, and rm stays on the file system.
        remove_path() {
            below=$(mounts_below "$1")
            if [ -n "$below" ]; then echo "mounted below: $below"; return 1; fi
            if [ -L "$1" ]; then echo "$1 is a symbolic link"; return 1; fi
            if is_mount_point "$1"; then
                rm -rf --one-file-system -- "$1"/* "$1"/.[!.]* "$1"/..?* && is_empty "$1"
            else
                rm -rf --one-file-system -- "$1" && [ ! -e "$1" ]
            fi
        }

        clean_paths() {
            for path in $(paths); do
                if [ ! -e "$path" ] && [ ! -L "$path" ]; then absent "$path"
                elif is_mount_point "$path" && is_empty "$path"; then absent "$path"
                else item "$path" remove_path "$path"; fi
            done
        }
        """#

    /// Which iptables rules and chains are Kubernetes' or the plugin's, and the restore program that takes them out.
    static let rules = #"""
        owned_chains() {
            owned='^(KUBE-|CNI-'
            plugin calico && owned="$owned|cali-"
            plugin flannel && owned="$owned|FLANNEL-"
            plugin cilium && owned="$owned|CILIUM_|OLD_CILIUM_"
            echo "$owned)"
        }

        # Rules without a jump to a chain of their own say whose they are in a comment.
        owned_comments() {
            owned='^(:nobody:'
            plugin calico && owned="$owned|cali:"
            plugin flannel && owned="$owned|flanneld "
            echo "$owned)"
        }

        # Both backends where both are installed: rules of either are in force.
        backends() {
            for family in iptables ip6tables; do
                some=
                for backend in "$family-nft" "$family-legacy"; do
                    have "$backend-save" && have "$backend-restore" && some=yes && echo "$backend"
                done
                [ -n "$some" ] || ! have "$family-save" || echo "$family"
            done
        }

        # Reading a legacy table that the kernel does not have is no error: there are no rules in it.
        dump() { "$1-save" 2>/dev/null </dev/null | grep -v '^#'; }

        # From a dump: TABLE lines and the program that deletes foreign chains' jumps first, then the owned chains.
        owned_program() {
            awk -v chains="$(owned_chains)" -v comments="$(owned_comments)" '
                function words(line,    i, c, quoted, word, n) {
                    n = 0; word = ""; quoted = 0
                    for (i = 1; i <= length(line); i++) {
                        c = substr(line, i, 1)
                        if (c == "\\") { i++; word = word substr(line, i, 1) }
                        else if (c == "\"") quoted = !quoted
                        else if (c == " " && !quoted) { token[++n] = word; word = "" }
                        else word = word c
                    }
                    token[++n] = word
                    return n
                }
                function owned(line,    n, i) {
                    n = words(line)
                    for (i = 3; i < n; i++) {
                        if ((token[i] == "-j" || token[i] == "-g") && token[i + 1] ~ chains) return 1
                        if (token[i] == "--comment" && token[i + 1] ~ comments) return 1
                    }
                    return 0
                }
                /^\*/ { table = substr($0, 2); order[++tables] = table }
                /^:/ {
                    name = substr($1, 2)
                    if (name ~ chains) {
                        flush[table] = flush[table] ":" name " - [0:0]\n"
                        drop[table] = drop[table] "-X " name "\n"
                        chain_count[table]++
                    }
                }
                /^-A / && $2 !~ chains {
                    if (owned($0)) {
                        rule[table] = rule[table] "-D" substr($0, 3) "\n"
                        rule_count[table]++
                    }
                }
                END {
                    for (i = 1; i <= tables; i++) {
                        t = order[i]
                        if (chain_count[t] + rule_count[t] == 0) continue
                        printf "# %s: %d rules, %d chains\n", t, rule_count[t], chain_count[t]
                        printf "*%s\n%s%s%sCOMMIT\n", t, rule[t], flush[t], drop[t]
                    }
                }'
        }

        # The blunt way: every table with a rule or a chain of its own is emptied, built-in policies stay.
        flush_program() {
            awk '
                /^\*/ { table = substr($0, 2); order[++tables] = table }
                /^:/ {
                    if ($2 == "-") count[table]++
                    else policy[table] = policy[table] $1 " " $2 " [0:0]\n"
                }
                /^-A / { count[table]++ }
                END {
                    for (i = 1; i <= tables; i++) {
                        t = order[i]
                        if (count[t] > 0) printf "# %s: everything\n*%s\n%sCOMMIT\n", t, t, policy[t]
                    }
                }'
        }

        program() {
            if [ "$FLEET_NETWORK" = all ]; then dump "$1" | flush_program; else dump "$1" | owned_program; fi
        }

        apply_program() {
            if [ "$FLEET_NETWORK" = all ]; then program "$1" | "$1-restore" -w 10
            else program "$1" | "$1-restore" -w 10 --noflush; fi
        }

        clean_backend() {
            summary=$(program "$1" | sed -n 's/^# //p' | tr '\n' ';')
            if [ -n "$summary" ]; then item "$1 (${summary%;})" apply_program "$1"; else absent "$1"; fi
        }

        # Containers bring iptables of their own: the host may have rules without it.
        hidden_rules() {
            [ -z "$(backends)" ] || return 1
            ! grep -q -s . /proc/net/ip_tables_names || return 0
            if have nft; then nft list chains 2>/dev/null | grep -q -E "chain $(owned_chains | tr -d '^')"
            else in_use 'nft_[a-z0-9_]+'; fi
        }

        clean_rules() {
            if hidden_rules; then unseen "iptables rules" iptables; fi
            for backend in $(backends); do clean_backend "$backend"; done
        }

        refuse_flush_under_drop() {
            [ "$FLEET_NETWORK" = all ] || return 0
            for backend in $(backends); do
                dropping=$(dump "$backend" | awk '/^:/ && $2 == "DROP" { print substr($1, 2) }')
                [ -z "$dropping" ] ||
                    refuse "flush: all under a DROP policy ($backend: $dropping) would cut the host off"
            done
        }
        """#

    /// nft tables, IPVS services, sets and interfaces.
    static let network = #"""
        nft_tables() {
            have nft || return 0
            names='kube-proxy'
            plugin calico && names="$names|calico"
            plugin flannel && names="$names|flannel-ipv4|flannel-ipv6"
            nft list tables 2>/dev/null | grep -E "^table (ip|ip6|inet) ($names)\$" | cut -d ' ' -f 2-
        }

        # kube-proxy's tables choose endpoints by numbers, which no rule of iptables does.
        clean_nft() {
            if ! have nft && in_use nft_numgen; then unseen "nft tables" nftables; return; fi
            list=$(nft_tables)
            [ -n "$list" ] || { absent "nft tables"; return; }
            while read -r family table; do
                item "nft table $family $table" nft delete table "$family" "$table"
            done <<END_OF_TABLES
        $list
        END_OF_TABLES
        }

        # Only services whose address kube-proxy bound to kube-ipvs0; all of them when everything is flushed.
        ipvs_services() {
            have ipvsadm || return 0
            services=$(ipvsadm -S -n 2>/dev/null | awk '$1 == "-A" { print $2, $3 }')
            [ "$FLEET_NETWORK" = all ] && { printf '%s\n' "$services"; return; }
            bound=$(ip -o addr show dev kube-ipvs0 2>/dev/null | awk '{ sub(/\/.*/, "", $4); printf "%s ", $4 }')
            printf '%s\n' "$services" | awk -v bound=" $bound " '{
                address = $2; sub(/:[0-9]+$/, "", address); gsub(/[][]/, "", address)
                if (index(bound, " " address " ")) print
            }'
        }

        # kube-proxy's are known by kube-ipvs0: without it they are somebody else's.
        hidden_services() {
            ! have ipvsadm && grep -q -s -E '^(TCP|UDP|SCTP|FWM) ' /proc/net/ip_vs || return 1
            [ "$FLEET_NETWORK" = all ] || ! have ip || ip link show kube-ipvs0 >/dev/null 2>&1
        }

        clean_ipvs() {
            if hidden_services; then unseen "IPVS services" ipvsadm; return; fi
            list=$(ipvs_services)
            [ -n "$list" ] || { absent "IPVS services"; return; }
            while read -r protocol service; do
                item "IPVS service $service" ipvsadm -D "$protocol" "$service"
            done <<END_OF_SERVICES
        $list
        END_OF_SERVICES
        }

        sets() {
            have ipset || return 0
            names='KUBE-'
            plugin calico && names="$names|cali[46]"
            plugin cilium && names="$names|cilium_"
            ipset -n list 2>/dev/null | grep -E "^($names)"
        }

        destroy_sets() { sets | while read -r name; do ipset destroy "$name" || exit 1; done; }

        clean_sets() {
            if ! have ipset && in_use 'ip_set_(hash|bitmap|list)_[a-z]+'; then unseen ipsets ipset; return; fi
            count=$(sets | grep -c .)
            if [ "$count" -gt 0 ]; then item "ipsets ($count)" destroy_sets; else absent ipsets; fi
        }

        interfaces() {
            have ip || return 0
            names='kube-ipvs0|nodelocaldns|kube-bridge|cni0'
            plugin calico && names="$names|cali[0-9a-z]+|vxlan\\.calico|vxlan-v6\\.calico|wireguard\\.cali|wg-v6\\.cali"
            plugin flannel && names="$names|flannel\\.[0-9]+|flannel-v6\\.[0-9]+|flannel-wg|flannel-wg-v6"
            plugin cilium && names="$names|cilium_[a-z0-9]+|lxc_health|lxc[0-9a-f]{12}"
            ip -o link show 2>/dev/null | sed 's/^[0-9]*: *\([^:@ ]*\).*/\1/' | grep -E -x "($names)"
        }

        # The other end of a veth pair may have taken this one with it.
        delete_interface() {
            if [ "$1" = kube-ipvs0 ] && { hidden_services || [ -n "$(ipvs_services)" ]; }; then
                echo "IPVS services are still bound to it"
                return 1
            fi
            ip link delete "$1" || ! ip link show "$1" >/dev/null 2>&1
        }

        clean_interfaces() {
            if plugin calico && have ip && [ -n "$(ip -o addr show dev tunl0 2>/dev/null)" ]; then
                item "addresses of tunl0" ip addr flush dev tunl0
            fi
            list=$(interfaces)
            [ -n "$list" ] || { absent "network interfaces"; return; }
            for interface in $list; do item "interface $interface" delete_interface "$interface"; done
        }
        """#

    /// Rules and routes are saved on the host first, and come back by a timer unless the host is reached again (safety
    /// rule 8).
    static let savedRules = #"""
        rules_to_go() {
            for backend in $(backends); do program "$backend"; done
            nft_tables
            ipvs_services
            sets
            lost_routes
        }

        # A run that goes on keeps the first, true picture, and takes the timer over. Routes are added to it: a later pass
        # may know more of them to go, once a daemon has ended.
        save_rules() {
            saved=$STATE/rules
            # Nothing is removed before the timer's token is there: a picture without one may be half, and is taken anew.
            if [ ! -s "$saved/timer" ] || [ -d "$saved/decided" ]; then
                rm -rf -- "$saved"
                mkdir -p "$saved" || return 1
                for backend in $(backends); do "$backend-save" >"$saved/$backend" 2>/dev/null; done
                have ipvsadm && ipvsadm -S -n >"$saved/ipvs" 2>/dev/null
                have ipset && ipset save >"$saved/ipset" 2>/dev/null
                nft_tables | while read -r family table; do nft list table "$family" "$table"; done >"$saved/nft"
            fi
            lost_routes >>"$saved/routes" || return 1
            write_restore >"$saved/restore.sh"
        }

        write_restore() {
            printf 'saved=%s\n' "$saved"
            cat <<'END_OF_RESTORE'
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        export PATH
        [ ! -s "$saved/ipset" ] || ipset -exist restore <"$saved/ipset"
        [ ! -s "$saved/ipvs" ] || ipvsadm -R <"$saved/ipvs"
        [ ! -s "$saved/nft" ] || nft -f "$saved/nft"
        for backend in iptables-nft iptables-legacy iptables ip6tables-nft ip6tables-legacy ip6tables; do
            [ ! -s "$saved/$backend" ] || "$backend-restore" <"$saved/$backend"
        done
        [ ! -s "$saved/routes" ] || while read -r words; do ip $words; done <"$saved/routes"
        END_OF_RESTORE
        }

        # Whoever makes the directory "decided" has decided: the timer, or the confirmation.
        write_timer() {
            printf 'saved=%s\nafter=%s\nme=%s\n' "$saved" "$FLEET_RESTORE_AFTER" "$1"
            cat <<'END_OF_TIMER'
        second=0
        while [ "$second" -lt "$after" ]; do
            sleep 1
            [ -d "$saved" ] && [ ! -d "$saved/decided" ] || exit 0
            [ "$(cat "$saved/timer" 2>/dev/null)" = "$me" ] || exit 0
            second=$((second + 1))
        done
        mkdir "$saved/decided" 2>/dev/null || exit 0
        sh "$saved/restore.sh" >"$saved/restored" 2>&1
        END_OF_TIMER
        }

        arm_timer() {
            token=$$.$(date +%s)
            save_rules || return 1
            write_timer "$token" >"$saved/timer.sh" && echo "$token" >"$saved/timer" || return 1
            if have setsid; then setsid sh "$saved/timer.sh" >/dev/null 2>&1 </dev/null 9>&- &
            else nohup sh "$saved/timer.sh" >/dev/null 2>&1 </dev/null 9>&- &
            fi
        }

        is_undecided() { [ -d "$STATE/rules" ] && [ ! -d "$STATE/rules/decided" ]; }

        # What another run removed and nobody confirmed: that this one is here says that the host can be reached, and the
        # other's timer would put back what goes now.
        settle_other_runs() {
            for other in /var/lib/fleet/*/rules; do
                [ -d "$other" ] && [ "$other" != "$STATE/rules" ] || continue
                mkdir "$other/decided" 2>/dev/null || continue
                rm -rf -- "$other"
                rmdir "${other%/rules}" 2>/dev/null
            done
        }

        # No rule, set or route is removed unless it was saved and the timer runs. One that runs already, from a pass whose
        # answer was lost, is taken over: it would put back what nobody confirmed. Programs of eBPF and interfaces, which go
        # last, cannot be saved: only the plugin makes them anew.
        guard_network() {
            [ "$FLEET_MODE" = apply ] || return 0
            settle_other_runs
            [ -n "$(rules_to_go)" ] || is_undecided || return 0
            arm_timer || refuse "the network rules could not be saved in $STATE/rules"
            say saved "$STATE/rules"
            say restore_after_seconds "$FLEET_RESTORE_AFTER"
        }

        clean_network() {
            if [ "$FLEET_NETWORK" = keep ]; then say kept "network rules"; return; fi
            guard_network
            clean_rules
            clean_nft
            clean_ipvs
            clean_sets
            clean_routes
            clean_programs
            clean_interfaces
        }
        """#

    /// The order: checks, kubelet, mounts, reset, directories, network.
    static let main = #"""
        result() {
            if [ "$failures" -gt 0 ]; then say result failed; return 1; fi
            case $FLEET_MODE in
                dry-run) say result dry-run ;;
                verify) if [ "$found" -gt 0 ]; then say result left; return 1; else say result gone; fi ;;
                apply) if [ "$found" -gt 0 ]; then say result changed; else say result unchanged; fi ;;
            esac
        }

        # kubeadm takes the cluster's CA off the host first: without a mark nothing would prove whose host it is when the
        # rest failed, and a clean-up that cannot be proved is refused for ever.
        mark_cleaning() {
            [ -n "$FLEET_CA" ] && cluster_authorities | grep -q -x -F -e "$FLEET_CA" || return 0
            printf '%s\n' "$FLEET_CA" >"$CLEANING" && chmod 600 "$CLEANING" && sync "$CLEANING"
        }

        # Proved clean: nothing is left to be finished.
        forget_mark() {
            [ "$FLEET_MODE" = verify ] && [ "$found" = 0 ] && [ "$failures" = 0 ] || return 0
            rm -f -- "$CLEANING" "$FLANNEL"
            rmdir /var/lib/fleet 2>/dev/null
        }

        # The log is for failures; saved rules stay until they are confirmed.
        forget_log() {
            [ "$FLEET_MODE" = apply ] && [ "$failures" = 0 ] || return 0
            rm -f -- "$LOG"
            rmdir "$STATE" /var/lib/fleet 2>/dev/null
        }

        checks() {
            check_root
            [ "$FLEET_MODE" != apply ] || take_host_lock
            check_run
            check_paths
            [ "$FLEET_MODE" != verify ] || return 0
            check_cluster
            check_worker
            refuse_mounts
            refuse_flush_under_drop
        }

        cleanup() {
            checks
            if [ "$FLEET_MODE" = apply ]; then
                mkdir -p "$STATE" && chmod 700 /var/lib/fleet "$STATE" || refuse "$STATE cannot be made"
                LOG=$STATE/cleanup.log
                mark_cleaning || refuse "$CLEANING cannot be written"
                keep_flannel_networks || refuse "$FLANNEL cannot be written"
            fi
            clean_kubelet
            unmount_volumes
            refuse_left_mounts
            clean_kubeadm
            clean_pods
            clean_calico_node
            clean_paths
            clean_network
            forget_log
            forget_mark
            result
        }

        cleanup </dev/null
        """#

    /// Decides for the new rules, and removes the saved ones.
    static let confirm = #"""
        confirm() {
            saved=/var/lib/fleet/$FLEET_RUN/rules
            [ -d "$saved" ] || { say confirmed none; return 0; }
            if mkdir "$saved/decided" 2>/dev/null; then
                rm -rf -- "$saved"
                rmdir "/var/lib/fleet/$FLEET_RUN" /var/lib/fleet 2>/dev/null
                say confirmed rules
                return 0
            fi
            say restored rules
            return 1
        }

        confirm </dev/null
        """#
}
