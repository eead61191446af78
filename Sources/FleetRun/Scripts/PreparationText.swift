/// The parts of the scripts that bring a host into a state, as shell text.
///
/// Every one reads what it wants from variables named FLEET_*, looks first, and with FLEET_DRY_RUN=1 only says what it
/// would do. Answers: `changed=`, `holds=`, `would=`, `failed=`, `refused=`.
enum PreparationText {
    /// Changing one thing at a time, and writing files whole.
    static let beginning = #"""
        : "${FLEET_DRY_RUN:=1}"

        # change WHAT COMMAND...: carries an order out, or says that it would be.
        change() {
            if [ "$FLEET_DRY_RUN" = 1 ]; then say would "$1"; return 0; fi
            order=$1
            shift
            if messages=$("$@" 2>&1 </dev/null); then say changed "$order"; return 0; fi
            say failed "$order: $(printf '%s' "$messages" | tail -n 3)"
            exit 1
        }

        holds() { say holds "$1"; }

        refuse() { say refused "$1"; exit 3; }

        [ "$(id -u)" = 0 ] || refuse "this needs root, not $(id -un)"

        # write_file FILE MODE OWNER COMMAND...: what the command prints becomes the file, whole or not at all. It is
        # written beside the file, brought to the disk, and renamed; "keep" leaves an old file's mode and owner.
        write_file() {
            file=$1 mode=$2 owner=$3
            shift 3
            [ ! -L "$file" ] || file=$(readlink -f "$file")
            folder=$(dirname "$file")
            (umask 022 && mkdir -p "$folder") || return 1
            new=$(mktemp "$folder/.fleet-XXXXXX") || return 1
            if [ -e "$file" ]; then cp --attributes-only --preserve=all "$file" "$new"
            else chmod 644 "$new"; fi &&
                "$@" >"$new" &&
                { [ "$mode" = keep ] || chmod "$mode" "$new"; } &&
                { [ "$owner" = keep ] || chown "$owner" "$new"; } &&
                { sync "$new" 2>/dev/null || sync; } &&
                mv -f "$new" "$file" || { rm -f "$new"; return 1; }
            ! have restorecon || restorecon "$file"
        }
        """#

    static let hostName = #"""
        static_name() { head -n 1 /etc/hostname 2>/dev/null; }

        has_name() { [ "$(uname -n)" = "$FLEET_HOST_NAME" ] && [ "$(static_name)" = "$FLEET_HOST_NAME" ]; }

        write_name() { printf '%s\n' "$FLEET_HOST_NAME"; }

        set_name() {
            if have hostnamectl; then hostnamectl set-hostname "$FLEET_HOST_NAME"
            else write_file /etc/hostname 644 keep write_name && hostname "$FLEET_HOST_NAME"; fi || return 1
            has_name || { echo "it is still $(uname -n)"; return 1; }
        }

        if has_name; then
            holds "the host name is $FLEET_HOST_NAME"
        else
            [ ! -e /etc/kubernetes/kubelet.conf ] ||
                refuse "the host joined a cluster under the name $(uname -n): a kubelet cannot be renamed; clean the host up first, or set kubernetes_node"
            change "set the host name to $FLEET_HOST_NAME (from $(uname -n))" set_name
        fi
        """#

    /// Large values leave the environment before any program is started: none takes more than 128 KiB in one variable.
    static let takeLargeValues = #"""
        block=${FLEET_BLOCK:-}
        content=${FLEET_CONTENT:-}
        unset FLEET_BLOCK FLEET_CONTENT
        """#

    /// A marked block in a text file.
    static let markedBlock = #"""
        file=$FLEET_PATH
        begin="# BEGIN $FLEET_MARKER"
        end="# END $FLEET_MARKER"
        source=$file
        [ -e "$file" ] || source=/dev/null
        [ ! -d "$file" ] || refuse "$file is a directory"

        # The two texts, one after the other; HOSTS=1 takes the lines for entries of a hosts file.
        with_block() {
            printf '%s' "$block" | awk -v begin="$begin" -v end="$end" -v hosts="$FLEET_HOSTS" "$1" part=1 - part=2 "$source"
        }

        # In both programs: whose address each name of the block has, and the words of a line without its comment.
        known='
            function words(line) { sub(/#.*/, "", line); return split(line, word, " ") }
            function is_loopback(address) { return address == "::1" || address ~ /^127\./ }
            part == 1 && hosts { count = words($0); for (i = 2; i <= count; i++) address[word[i]] = word[1] }'

        new_text() {
            with_block "$known"'
                function put(i) { isDone = 1; if (n == 0) return; print begin; for (i = 1; i <= n; i++) print block[i]; print end }
                part == 1 { block[++n] = $0; next }
                $0 == begin { if (!isDone) put(); inside = 1; next }
                inside { if ($0 == end) inside = 0; next }
                hosts {
                    count = words($0)
                    same = count > 1 && !is_loopback(word[1])
                    for (i = 2; i <= count; i++) if (address[word[i]] != word[1]) same = 0
                    if (same) next
                }
                { print }
                END { if (!isDone) put() }'
        }

        # The first line outside the block that says otherwise than the block: it would be found before it.
        contradiction() {
            with_block "$known"'
                part == 1 { next }
                $0 == begin { inside = 1 }
                inside { if ($0 == end) inside = 0; next }
                {
                    count = words($0)
                    if (count < 2 || is_loopback(word[1])) next
                    for (i = 2; i <= count; i++) if (word[i] in address && address[word[i]] != word[1]) {
                        print FILENAME ":" FNR " says that " word[i] " is " word[1] ", the inventory says " address[word[i]]
                        exit
                    }
                }'
        }

        unclosed() {
            awk -v begin="$begin" -v end="$end" '
                $0 == begin { open = FNR } $0 == end { open = 0 } END { if (open) print open }' "$source"
        }

        line=$(unclosed)
        [ -z "$line" ] || refuse "$file:$line: \"$begin\" has no \"$end\" after it; nothing was changed"
        if [ "$FLEET_HOSTS" = 1 ]; then
            other=$(contradiction)
            [ -z "$other" ] || refuse "$other; take the wrong one out; nothing was changed"
        fi
        if new_text | cmp -s - "$source"; then holds "$file has the block \"$FLEET_MARKER\""
        else change "write the block \"$FLEET_MARKER\" of $file" write_file "$file" keep keep new_text; fi
        """#

    /// Swap off, now and at boot. Of fstab only the lines of swap change; the first text is kept beside it.
    static let swap = #"""
        entry='^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)'
        backup=/etc/fstab.before-fleet

        in_use() { awk 'NR > 1 { print $1 }' /proc/swaps 2>/dev/null; }

        turn_off() {
            swapoff -a || return 1
            left=$(in_use)
            [ -z "$left" ] || { echo "still in use: $left"; return 1; }
        }

        without_swap() { sed -E "s/$entry/# swap is off, says fleet: &/" /etc/fstab; }

        write_fstab() {
            [ -e "$backup" ] || cp -p /etc/fstab "$backup" || return 1
            write_file /etc/fstab keep keep without_swap
        }

        used=$(in_use | tr '\n' ' ')
        if [ -n "$used" ]; then change "turn swap off (${used% })" turn_off; else holds "swap is off"; fi
        count=$(grep -E -c "$entry" /etc/fstab 2>/dev/null)
        if [ "${count:-0}" -gt 0 ]; then change "comment $count swap line(s) of /etc/fstab (kept in $backup)" write_fstab
        else holds "/etc/fstab has no swap"; fi
        """#

    static let kernelModules = #"""
        is_loaded() {
            [ -d "/sys/module/$(printf '%s' "$1" | tr - _)" ] ||
                grep -q -E "/$1\.ko" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null
        }

        load() { modprobe "$1" && { is_loaded "$1" || { echo "modprobe said nothing, and it is not loaded"; return 1; }; }; }

        name_line() { printf '%s\n' "$module"; }

        for module in $FLEET_MODULES; do
            file=/etc/modules-load.d/fleet-$module.conf
            if is_loaded "$module"; then holds "module $module is loaded"
            else change "load module $module" load "$module"; fi
            if name_line | cmp -s - "$file"; then holds "$module is loaded at boot"
            else change "write $file" write_file "$file" 644 keep name_line; fi
        done
        """#

    /// Kernel settings now and at boot. The file's name sorts behind the others', so that it wins at boot.
    static let sysctl = #"""
        file=/etc/sysctl.d/$FLEET_FILE.conf

        # Lines of "key=value", as a file of sysctl.d.
        file_text() {
            echo "# Kept by fleet: what is changed by hand is written over."
            printf '%s\n' "$FLEET_SETTINGS" | sed 's/=/ = /'
        }

        current() { sysctl -n "$1" 2>/dev/null | tr -s '[:space:]' ' ' | sed 's/ $//'; }

        set_now() {
            sysctl -w "$1=$2" || return 1
            [ "$(current "$1")" = "$2" ] || { echo "$1 reads back as $(current "$1")"; return 1; }
        }

        # The boot first: a setting that a file lacks would be gone after the next one.
        if file_text | cmp -s - "$file"; then holds "$file is as wanted"
        else change "write $file" write_file "$file" 644 keep file_text; fi
        while IFS='=' read -r key value; do
            if [ "$(current "$key")" = "$value" ]; then holds "$key is $value"
            else change "set $key to $value" set_now "$key" "$value"; fi
        done <<END_OF_SETTINGS
        $FLEET_SETTINGS
        END_OF_SETTINGS
        """#

    /// Packages by apt or dnf: FLEET_PACKAGES holds words `name` or `name=version`.
    static let packages = #"""
        set -f
        # What the distribution says decides: its package tools may be installed on others too.
        family() { (ID= ID_LIKE=; . /etc/os-release; echo " $ID $ID_LIKE ") 2>/dev/null; }
        case $(family) in
            *" debian "* | *" ubuntu "*) tools=apt-get ;;
            *" rhel "* | *" fedora "* | *" centos "*) if have dnf; then tools=dnf; else tools=yum; fi ;;
            *) for tools in apt-get dnf yum none; do ! have "$tools" || break; done ;;
        esac
        have "$tools" || refuse "this host's packages are managed neither by apt-get nor by dnf nor by yum"

        # The version that is installed; nothing where none is.
        installed() {
            case $tools in
                apt-get) dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p' | head -n 1 ;;
                *) text=$(rpm -q --qf '%{VERSION}-%{RELEASE}\n' "$1" 2>/dev/null) && printf '%s\n' "$text" | head -n 1 ;;
            esac
        }

        # A version stands for itself and for every revision of it; it may hold "*".
        is_wanted() {
            [ -n "$1" ] || return 1
            case $1 in ${2:-*} | ${2:-*}-*) return 0 ;; *) return 1 ;; esac
        }

        # What the package manager calls it.
        specification() {
            case $tools:$2 in
                *:) printf '%s' "$1" ;;
                apt-get:*-* | apt-get:*'*'*) printf '%s=%s' "$1" "$2" ;;
                apt-get:*) printf '%s=%s-*' "$1" "$2" ;;
                *) printf '%s-%s' "$1" "$2" ;;
            esac
        }

        name_of() { printf '%s' "${1%%=*}"; }

        version_of() { case $1 in *=*) printf '%s' "${1#*=}" ;; esac; }

        missing() {
            for word in $FLEET_PACKAGES; do
                is_wanted "$(installed "$(name_of "$word")")" "$(version_of "$word")" || printf '%s ' "$word"
            done
        }

        install() {
            words=
            for word; do words="$words $(specification "$(name_of "$word")" "$(version_of "$word")")"; done
            case $tools in
                apt-get) DEBIAN_FRONTEND=noninteractive
                    export DEBIAN_FRONTEND
                    apt-get -q -o DPkg::Lock::Timeout=300 update &&
                        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef \
                            -o Dpkg::Options::=--force-confold install --no-install-recommends \
                            --allow-change-held-packages $words ;;
                *) "$tools" -q -y install --disableexcludes=all $words ;;
            esac || return 1
            left=$(missing)
            [ -z "$left" ] || { echo "the package manager ended well, and this is not there: $left"; return 1; }
        }

        is_held() {
            case $tools in
                apt-get) apt-mark showhold | grep -q -x -F "$1" ;;
                *) "$tools" -q versionlock list 2>/dev/null | grep -q -E "^(.*:)?$1-[0-9]|^Package name: $1\$" ;;
            esac
        }

        hold() {
            case $tools in
                apt-get) apt-mark hold "$1" ;;
                *) "$tools" -q versionlock list >/dev/null 2>&1 || "$tools" -q -y install 'dnf-command(versionlock)' || return 1
                    "$tools" -q versionlock add "$1" ;;
            esac && { is_held "$1" || { echo "it is not held after all"; return 1; }; }
        }

        wanted=$(missing)
        if [ -n "$wanted" ]; then change "install ${wanted% }" install $wanted; fi
        for word in $FLEET_PACKAGES; do
            name=$(name_of "$word")
            case " $wanted " in *" $word "*) ;; *) holds "$name $(installed "$name") is installed" ;; esac
            [ "$FLEET_HOLD" = 1 ] || continue
            if is_held "$name"; then holds "$name is held"; else change "hold $name" hold "$name"; fi
        done
        """#

    /// A file with given contents, in base64 because the contents may be anything.
    static let upload = #"""
        file=$FLEET_PATH
        decoded() { printf '%s' "$content" | base64 -d; }

        [ "$(decoded | sha256sum | cut -d ' ' -f 1)" = "$FLEET_SHA256" ] ||
            refuse "the contents did not arrive whole (SHA-256 differs); nothing was changed"
        [ ! -d "$file" ] || refuse "$file is a directory"

        # Owner, or owner and group, by name or by number.
        owner_now() { for form in %U:%G %u:%g %U %u; do stat -L -c "$form" "$file"; done; }

        check_written() {
            write_file "$file" "$FLEET_FILE_MODE" "$FLEET_OWNER" decoded || return 1
            [ "$(sha256sum <"$file" | cut -d ' ' -f 1)" = "$FLEET_SHA256" ] || { echo "it reads back differently"; return 1; }
        }

        if ! decoded | cmp -s - "$file"; then
            change "write $file" check_written
        else
            holds "$file has these contents"
            if [ "$FLEET_FILE_MODE" != keep ] && [ "0$(stat -L -c %a "$file")" != "0${FLEET_FILE_MODE#0}" ]; then
                change "set the mode of $file to $FLEET_FILE_MODE" chmod "$FLEET_FILE_MODE" "$file"
            fi
            if [ "$FLEET_OWNER" != keep ] && ! owner_now | grep -q -x -F "$FLEET_OWNER"; then
                change "give $file to $FLEET_OWNER" chown "$FLEET_OWNER" "$file"
            fi
        fi
        """#

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

    /// containerd's configuration for a kubelet under systemd.
    static let containerd = #"""
        file=/etc/containerd/config.toml
        have containerd || refuse "containerd is not installed; put a packages step before this one"

        # Debian's package ships a configuration that turns Kubernetes' interface off.
        is_fit() {
            [ -r "$file" ] && grep -q -E '^[[:space:]]*SystemdCgroup[[:space:]]*=[[:space:]]*true' "$file" &&
                ! grep -q -E '^[[:space:]]*SystemdCgroup[[:space:]]*=[[:space:]]*false' "$file" &&
                ! grep -q -E '^[[:space:]]*disabled_plugins[[:space:]]*=.*[[:punct:]]cri[[:punct:]]' "$file"
        }

        base_text() {
            if [ -r "$file" ] && grep -q SystemdCgroup "$file"; then cat "$file"; else containerd config default; fi
        }

        fit_text() {
            base_text | sed -E -e 's/^([[:space:]]*SystemdCgroup[[:space:]]*=).*/\1 true/' \
                -e '/^[[:space:]]*disabled_plugins[[:space:]]*=.*[[:punct:]]cri[[:punct:]]/s/=.*/= []/'
        }

        write_fit() {
            fit_text | grep -q -E 'SystemdCgroup[[:space:]]*= true' || { echo "containerd's default has no SystemdCgroup to set"; return 1; }
            [ ! -e "$file" ] || [ -e "$file.before-fleet" ] || cp -p "$file" "$file.before-fleet" || return 1
            write_file "$file" 644 keep fit_text
        }

        if is_fit; then
            holds "SystemdCgroup is true"
            if ! is_active containerd; then change "start containerd" restart containerd
            elif started_before containerd "$file"; then change "restart containerd: its configuration is younger" restart containerd
            else holds "containerd runs with it"; fi
        else
            change "write $file with SystemdCgroup = true" write_fit
            change "restart containerd" restart containerd
        fi
        if [ "$(systemctl is-enabled containerd 2>/dev/null)" = enabled ]; then holds "containerd starts at boot"
        else change "enable containerd" systemctl enable containerd; fi
        """#
}
