/// containerd's configuration for a kubelet under systemd.
extension PreparationText {
    /// An existing configuration keeps everything but what is in a kubelet's way; what containerd itself makes of the
    /// file (`containerd config dump`) decides, before and after.
    static let containerd = #"""
        file=/etc/containerd/config.toml
        have containerd || refuse "containerd is not installed; put a packages step before this one"
        """# + "\n" + containerdShortfall + "\n" + containerdEdit + "\n" + #"""
            write_fit() {
                (umask 022 && mkdir -p "${file%/*}") || return 1
                # Beside the file: imports are found from there.
                trial=$(mktemp "${file%/*}/.fleet-XXXXXX") && printf '%s\n' "$text" >"$trial" && left=$(shortfall "$trial")
                failed=$?
                rm -f "$trial"
                [ "$failed" = 0 ] || return 1
                if [ -n "$left" ]; then
                    printf '%s\n' "once edited, $left; edit it by hand, or take what 'containerd config migrate' prints; nothing was changed" |
                        sed "s|$trial|it|g"
                    return 1
                fi
                [ ! -e "$file" ] || [ -e "$file.before-fleet" ] || cp -p "$file" "$file.before-fleet" || return 1
                write_file "$file" keep keep printf '%s\n' "$text"
            }

            reason=$(shortfall "$file")
            if [ -z "$reason" ]; then
                holds "containerd uses systemd's cgroups"
                if ! is_active containerd; then change "start containerd" restart containerd
                elif started_before containerd "$file"; then change "restart containerd: its configuration is younger" restart containerd
                else holds "containerd runs with it"; fi
            else
                text=$(fit_text) || refuse "$text"
                change "set SystemdCgroup = true in $file ($reason)" write_fit
                change "restart containerd" restart containerd
            fi
            if [ "$(systemctl is-enabled containerd 2>/dev/null)" = enabled ]; then holds "containerd starts at boot"
            else change "enable containerd" systemctl enable containerd; fi
            """#

    /// Why a kubelet could not use containerd with a configuration file; nothing where it could.
    private static let containerdShortfall = #"""
        # Distributions point containerd at folders of their own for network plugins; Kubernetes' packages and network
        # plugins install into /opt/cni/bin.
        no_plugins=
        for folder in /usr/lib/cni /usr/libexec/cni; do
            [ -n "$(ls -A "$folder" 2>/dev/null)" ] || no_plugins="$no_plugins $folder"
        done

        shortfall() {
            if ! dump=$(containerd --config "$1" config dump 2>&1); then
                printf 'containerd cannot read it: %s' "$(printf '%s' "$dump" | tail -n 1)"
                return
            fi
            printf '%s\n' "$dump" | awk -v empty="$no_plugins " '
                function value(line) { sub(/^[^=]*=[ \t]*/, "", line); gsub(/["\047]/, "", line); return line }
                /^disabled_plugins/ && /["\047](cri|io\.containerd\.grpc\.v1\.cri|io\.containerd\.cri\.v1\.(runtime|images))["\047]/ { off = 1 }
                /^[ \t]*\[.*\][ \t]*$/ {
                    table = $0
                    gsub(/["\047 \t]|^[ \t]*\[|\][ \t]*$/, "", table)
                    runtime = table
                    if (!sub(/^.*\.containerd\.runtimes\./, "", runtime)) runtime = ""
                    sub(/\.options$/, "", runtime)
                    next
                }
                table ~ /\.containerd$/ && /^[ \t]*default_runtime_name[ \t]*=/ { used = value($0) }
                runtime != "" && /^[ \t]*runtime_type[ \t]*=/ { type[runtime] = value($0) }
                runtime != "" && /^[ \t]*SystemdCgroup[ \t]*=[ \t]*true/ { fits[runtime] = 1 }
                table ~ /\.cni$/ && /^[ \t]*bin_dirs?[ \t]*=/ { folders = folders " " value($0) }
                END {
                    if (off) { print "it disables the plugin cri"; exit }
                    if (type[used] == "") { print "its default runtime \"" used "\" has no type"; exit }
                    if (type[used] == "io.containerd.runc.v2" && !fits[used]) { print "its default runtime " used " is not under systemd"; exit }
                    gsub(/[][,]/, " ", folders)
                    count = split(folders, folder, " ")
                    for (i = 1; i <= count; i++) {
                        sub(/\/$/, "", folder[i])
                        if (!index(empty, " " folder[i] " ")) exit
                    }
                    if (count) print "it looks for network plugins in " folder[1] " alone, where none are"
                }'
        }
        """#

    /// The text that a kubelet could use: a file's own with the keys set in their tables, which are added where there
    /// are none; containerd's default where the file says nothing.
    private static let containerdEdit = #"""
        base_text() {
            if grep -q -v -E '^[[:space:]]*(#|$)' "$file" 2>/dev/null; then cat "$file"; else containerd config default; fi
        }

        # Exits 1, and says why, where a table is written in one line.
        fit_text() {
            folder=$(containerd config default | sed -n 's/^[[:space:]]*bin_dir = "\(.*\)"$/\1/p' | head -n 1)
            base_text | awk -v file="$file" -v empty="$no_plugins " -v folder="$folder" '
                function plain(text) { gsub(/["\047]/, "", text); gsub(/[ \t]*\.[ \t]*/, ".", text); gsub(/^[ \t]+|[ \t]+$/, "", text); return text }
                function value(text) { sub(/^[^=]*=[ \t]*/, "", text); sub(/[ \t]*(#.*)?$/, "", text); gsub(/["\047]/, "", text); return text }
                function runtime(name) {
                    if (index(name, runtimes ".") != 1) return ""
                    name = substr(name, length(runtimes) + 2)
                    sub(/\.options$/, "", name)
                    return name
                }
                function under(name) { return index(name, runtimes) == 1 }
                # The value of a key in a table, set where it is, put below its header, or with the table at the end.
                function set(table, key, words, header,    i) {
                    for (i = 1; i <= n; i++) if (tables[i] == table && keys[i] == key) { sub(/=.*/, "= " words, line[i]); return }
                    for (i = 1; i <= n; i++) if (tables[i] == table && headers[i]) {
                        match(line[i], /^[ \t]*/)
                        after[i] = after[i] substr(line[i], 1, RLENGTH) "  " key " = " words "\n"
                        return
                    }
                    if (!(table in end)) { order[++count] = table; end[table] = header "\n" }
                    end[table] = end[table] "  " key " = " words "\n"
                }
                {
                    line[++n] = $0
                    if ($0 ~ /^[ \t]*\[.*\][ \t]*(#.*)?$/) {
                        table = $0
                        sub(/[ \t]*(#.*)?$/, "", table)
                        gsub(/^[ \t]*\[+|\]+$/, "", table)
                        table = plain(table)
                        headers[n] = isTable[table] = 1
                    } else if ($0 ~ /^[^#]*=/) {
                        keys[n] = $0
                        sub(/=.*/, "", keys[n])
                        keys[n] = plain(keys[n])
                        if (table == "" && keys[n] == "version") version = value($0) + 0
                    }
                    tables[n] = table
                }
                END {
                    # Kubernetes is not to be disabled; a list goes to its closing bracket.
                    for (i = 1; i <= n; i++) {
                        if (tables[i] == "" && keys[i] ~ /^(disabled|required)_plugins$/) list = keys[i]
                        if (list == "disabled_plugins") {
                            gsub(/["\047](cri|io\.containerd\.grpc\.v1\.cri|io\.containerd\.cri\.v1\.(runtime|images))["\047][ \t]*,?[ \t]*/, "", line[i])
                            sub(/,[ \t]*\]/, "]", line[i])
                            if (line[i] ~ /^[ \t]*$/) isGone[i] = 1
                        }
                        if (list != "" && line[i] ~ /["\047]/) names = 1
                        if (line[i] ~ /\]/) list = ""
                        if ((tables[i] "." keys[i]) ~ /^\.?plugins/) names = 1
                    }
                    # Without a version it is 1, whose names containerd 2 does not know for Kubernetes.
                    if (!version && !names) { print "version = 2"; version = 2 }
                    id = version >= 3 ? "io.containerd.cri.v1.runtime" : version == 2 ? "io.containerd.grpc.v1.cri" : "cri"
                    kubernetes = "plugins." id
                    written = "plugins." (version >= 2 ? "\"" id "\"" : id)
                    runtimes = kubernetes ".containerd.runtimes"

                    used = "runc"
                    for (i = 1; i <= n; i++) {
                        if (headers[i] || keys[i] == "") continue
                        whole = (tables[i] == "" ? "" : tables[i] ".") keys[i]
                        inline = under(whole) && (!under(tables[i]) || tables[i] == runtimes) || runtime(tables[i]) != "" && keys[i] ~ /^options(\.|$)/
                        if (inline || (whole == kubernetes || whole == kubernetes ".containerd") && line[i] ~ /=[ \t]*[{]/) {
                            print file ":" i " describes runtimes in one line, which is not edited; set SystemdCgroup = true in it by hand; nothing was changed"
                            exit 1
                        }
                        if (whole == kubernetes ".containerd.default_runtime_name") used = value(line[i])
                        if (runtime(tables[i]) != "" && keys[i] == "runtime_type") type[runtime(tables[i])] = value(line[i])
                        # Of distributions: whatever the operator chose stays.
                        if (tables[i] == kubernetes ".cni" && keys[i] ~ /^bin_dirs?$/) {
                            found = value(line[i])
                            gsub(/[][]/, "", found)
                            sub(/\/$/, "", found)
                            if (found != "" && index(empty, " " found " ")) sub(found "/?", "/opt/cni/bin", line[i])
                            folder = ""
                        }
                    }
                    if (!(used in type)) {
                        type[used] = "io.containerd.runc.v2"
                        set(runtimes "." used, "runtime_type", "\"io.containerd.runc.v2\"", "[" written ".containerd.runtimes." used "]")
                    }
                    if (version < 3 && index(empty, " " folder " ")) {
                        set(kubernetes ".cni", "bin_dir", "\"/opt/cni/bin\"", "[" written ".cni]")
                    }
                    for (name in type) if (type[name] == "io.containerd.runc.v2") {
                        set(runtimes "." name ".options", "SystemdCgroup", "true", "[" written ".containerd.runtimes." name ".options]")
                    }
                    for (i = 1; i <= n; i++) if (!isGone[i]) { print line[i]; printf "%s", after[i] }
                    for (i = 1; i <= count; i++) printf "\n%s", end[order[i]]
                }'
        }
        """#
}
