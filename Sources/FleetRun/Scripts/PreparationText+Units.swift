/// Units of systemd, and the kubelet's configuration.
extension PreparationText {
    /// Whether a unit runs, and whether it runs with the files as they are.
    static let units = #"""
        is_active() { [ "$(systemctl is-active "$1" 2>/dev/null)" = active ]; }

        # Whether a file is younger than the unit's start: the unit then runs with what stood there before.
        started_before() {
            [ -e "$2" ] || return 1
            since=$(systemctl show -p ActiveEnterTimestampMonotonic "$1" 2>/dev/null | sed 's/.*=//')
            awk -v since="${since:-0}" -v now="$(date +%s.%N)" -v changed="$(date -r "$2" +%s.%N)" \
                '{ exit !(changed > now - $1 + since / 1000000) }' /proc/uptime
        }

        restart() { systemctl restart "$1" && { is_active "$1" || { echo "$1 is $(systemctl is-active "$1")"; return 1; }; }; }
        """#

    /// A unit's state, asked again after every change.
    static let service = #"""
        changed=no
        active=$(systemctl is-active "$unit" 2>/dev/null)
        enabled=$(systemctl is-enabled "$unit" 2>/dev/null)

        act() {
            changed=yes
            if [ "$FLEET_DRY_RUN" = 1 ]; then echo "would run systemctl $1 $unit"; else systemctl "$1" "$unit" || exit 1; fi
        }

        runs_old_files() {
            while read -r path; do
                [ -n "$path" ] && started_before "$unit" "$path" && return 0
            done <<END_OF_FILES
        $FLEET_FILES
        END_OF_FILES
            return 1
        }

        case "$want:$active" in
            started:active) if runs_old_files; then act restart; fi ;;
            started:*) act start ;;
            stopped:active | stopped:activating | stopped:reloading) act stop ;;
            restarted:*) act restart ;;
        esac
        case "$boot:$enabled" in
            enabled:enabled) ;;
            enabled:*) act enable ;;
            disabled:enabled) act disable ;;
        esac
        if [ "$FLEET_DRY_RUN" = 0 ]; then
            active=$(systemctl is-active "$unit" 2>/dev/null)
            case "$want:$active" in
                stopped:active | stopped:activating) echo "$unit is still $active" >&2; exit 1 ;;
                started:active | restarted:active) ;;
                started:* | restarted:*) echo "$unit is $active" >&2; exit 1 ;;
            esac
        fi
        echo "changed=$changed"
        """#

    /// Settings merged into the kubelet's configuration, a mapping key by key, and taken back where it does not run.
    static let kubeletConfiguration = #"""
        file=/var/lib/kubelet/config.yaml
        old=$file.fleet-old
        watched=${FLEET_WATCH:-15}
        [ -s "$file" ] || refuse "$file is missing: the host has not joined a cluster"

        # A key's block goes from its line to the next line that is not indented. Where both say a mapping, keys of the old
        # one that the new one does not name stay.
        merged() {
            printf '%s\n' "$FLEET_SETTINGS" | awk '
                function key(line) { gsub(/^ +|:.*/, "", line); return line }
                function isTop(line) { return line ~ /^[A-Za-z]/ }
                part == 1 && isTop($0) { name = key($0); order[++count] = name }
                part == 1 && /^  [A-Za-z]/ { isMapping[name] = says[name, key($0)] = 1 }
                part == 1 { block[name] = block[name] $0 "\n"; next }
                isTop($0) {
                    name = key($0)
                    isOurs = name in block
                    depth = stays = 0
                    if (isOurs) { printf "%s", block[name]; isDone[name] = 1 }
                }
                /^#/ { isOurs = 0 }
                isOurs && isMapping[name] && /^ +[A-Za-z"]/ {
                    match($0, /^ +/)
                    if (!depth) depth = RLENGTH
                    if (RLENGTH == depth) { inner = key($0); gsub(/"/, "", inner); stays = !((name, inner) in says) }
                }
                isOurs && stays && depth { print "  " substr($0, depth + 1) }
                !isOurs { print }
                END { for (i = 1; i <= count; i++) if (!(order[i] in isDone)) printf "%s", block[order[i]] }' \
                part=1 - part=2 "$file"
        }

        process() { systemctl show -p MainPID,NRestarts kubelet 2>/dev/null | sort; }

        # Its own health check, where the configuration does not turn it off.
        is_healthy() {
            port=$(sed -n 's/^healthzPort:[[:space:]]*//p' "$file")
            ! have curl || [ "$port" = 0 ] ||
                curl -f -s --noproxy '*' -m 2 -o /dev/null "http://127.0.0.1:${port:-10248}/healthz"
        }

        # systemctl answers at the fork, and a kubelet that cannot work with its configuration dies a moment later: it must
        # stay the same process for a while, and then be healthy within as long again.
        stays_up() {
            first=$(process)
            second=0
            while [ "$second" -lt "$watched" ] || ! is_healthy; do
                [ "$second" -lt $((2 * watched)) ] || { echo "its health check does not answer"; return 1; }
                sleep 1
                second=$((second + 1))
                is_active kubelet || { echo "after $second s kubelet is $(systemctl is-active kubelet)"; return 1; }
                [ "$(process)" = "$first" ] || { echo "kubelet was started again within $second s"; return 1; }
            done
        }

        # What the kubelet does not run with is taken back.
        run_with_it() {
            if messages=$(restart kubelet 2>&1 && stays_up 2>&1); then rm -f "$old"; return 0; fi
            [ -e "$old" ] || { echo "$messages"; return 1; }
            mv -f "$old" "$file"
            restart kubelet
            echo "the kubelet did not run with it ($messages); its old configuration is back"
            return 1
        }

        apply() {
            cp -p "$file" "$old" && write_file "$file" keep keep merged && run_with_it
        }

        if merged | cmp -s - "$file"; then
            holds "$file has these settings"
            if ! is_active kubelet; then change "start the kubelet" run_with_it
            elif started_before kubelet "$file"; then change "restart the kubelet: its configuration is younger" run_with_it
            else holds "the kubelet runs with them"; fi
        else
            change "write the settings into $file and restart the kubelet" apply
        fi
        """#
}
