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
        # written beside the file, checked against wanted_sum where there is one, brought to the disk, and renamed; "keep"
        # leaves an old file's mode and owner. Until it is whole only root can read it, and then only who shall.
        write_file() {
            file=$1 mode=$2 owner=$3
            shift 3
            [ ! -L "$file" ] || file=$(readlink -f "$file")
            folder=$(dirname "$file")
            (umask 022 && mkdir -p "$folder") || return 1
            new=$(mktemp "$folder/.fleet-XXXXXX") || return 1
            "$@" >"$new" &&
                { [ -z "${wanted_sum:-}" ] || [ "$(sha256sum <"$new" | cut -d ' ' -f 1)" = "$wanted_sum" ] ||
                    { echo "the contents did not arrive whole (SHA-256 differs): was the file changed here?"; false; }; } &&
                keep_attributes &&
                { [ "$owner" = keep ] || chown "$owner" "$new"; } &&
                { [ "$mode" = keep ] || chmod "$mode" "$new"; } &&
                { sync "$new" 2>/dev/null || sync; } &&
                mv -f "$new" "$file" || { rm -f "$new"; return 1; }
            ! have restorecon || restorecon "$file"
        }

        # An old file's attributes; its mode only where that is kept.
        keep_attributes() {
            if [ ! -e "$file" ]; then [ "$mode" != keep ] || chmod 644 "$new"
            elif [ "$mode" = keep ]; then cp --attributes-only --preserve=all "$file" "$new"
            else (umask 077 && cp --attributes-only --preserve=all --no-preserve=mode "$file" "$new"); fi
        }
        """#

    /// Large values leave the environment before any program is started: none takes more than 128 KiB in one variable.
    static let takeLargeValues = #"""
        block=${FLEET_BLOCK:-}
        manifest=${FLEET_MANIFEST:-}
        unset FLEET_BLOCK FLEET_MANIFEST
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

    /// Swap off, now and at boot.
    ///
    /// Of fstab only the lines of swap change; the first text is kept beside it. Swap that fstab does not name has a unit
    /// all the same, which is masked.
    static let swap = #"""
        entry='^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)'
        backup=/etc/fstab.before-fleet

        in_use() { awk 'NR > 1 { print $1 }' /proc/swaps 2>/dev/null; }

        # By path, or by a tag that leads to it.
        is_in_fstab() {
            grep -E "$entry" /etc/fstab 2>/dev/null | while read -r place rest; do
                case $place in *=*) place=$(findfs "$place" 2>/dev/null) ;; esac
                [ -z "$place" ] || readlink -f "$place"
            done | grep -q -x -F -e "$(readlink -f "$1")"
        }

        # zram's generator makes some at boot, and systemd finds partitions by their type.
        units_without_fstab() {
            have systemd-escape || return 0
            in_use | while read -r place; do
                is_in_fstab "$place" || systemd-escape -p --suffix=swap "$place"
            done
        }

        # A unit that is a file of the administrator's cannot be masked; it is disabled.
        keep_off() { systemctl mask "$1" 2>/dev/null || systemctl disable "$1"; }

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
        units=$(units_without_fstab)
        if [ -n "$used" ]; then change "turn swap off (${used% })" turn_off; else holds "swap is off"; fi
        for unit in $units; do change "keep $unit from coming back at boot" keep_off "$unit"; done
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

    /// Kernel settings now and at boot.
    ///
    /// The file's name sorts behind the others', so that it wins at boot.
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
}
