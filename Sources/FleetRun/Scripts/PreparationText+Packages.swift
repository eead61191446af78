/// Packages of both families.
extension PreparationText {
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
        case $tools in dnf | yum) ! "$tools" --version 2>/dev/null | grep -q '^dnf5 ' || tools=dnf5 ;; esac

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
                            -o Dpkg::Options::=--force-confold install --no-install-recommends --no-remove \
                            --allow-change-held-packages $words ;;
                # dnf 5 knows neither --disableexcludes nor a plugin for locks.
                dnf5) dnf5_install $words ;;
                *) "$tools" -q -y --disableplugin=versionlock install --disableexcludes=all $words ;;
            esac || return 1
            left=$(missing)
            [ -z "$left" ] || { echo "the package manager ended well, and this is not there: $left"; return 1; }
        }

        locks=/etc/dnf/versionlock.toml

        restore_locks() { [ ! -e "$locks.fleet" ] || mv -f "$locks.fleet" "$locks"; }

        # Whole or not at all: what is there takes the locks' place, also after an installation that was killed.
        copy_locks() {
            cp -p "$locks" "$locks.fleet.new" && sync "$locks.fleet.new" && mv -f "$locks.fleet.new" "$locks.fleet" ||
                { rm -f "$locks.fleet.new"; return 1; }
        }

        # Locks are opened for the installation. Then all are as they were, whoever made them and whatever came of it; only
        # one that held the version that was installed goes on to the new one.
        dnf5_install() {
            names=
            held=
            for word in $wanted; do
                name=$(name_of "$word")
                names="$names $name"
                ! is_held "$name" || held="$held $name"
            done
            if [ -s "$locks" ]; then
                copy_locks && dnf5 -q versionlock delete $names || { restore_locks; return 1; }
            fi
            dnf5 -q -y --setopt=disable_excludes='*' install "$@"
            result=$?
            if [ "$result" != 0 ] || [ -z "$held" ]; then restore_locks && return "$result"; return 1; fi
            # The copy stays until the locks have moved on: killed in between, the next pass brings it back.
            cp -p "$locks.fleet" "$locks" && dnf5 -q versionlock delete $held && dnf5 -q versionlock add $held &&
                rm -f "$locks.fleet" || { restore_locks; return 1; }
        }

        # What a lock of dnf 5 says beside a version, such as "evr < 2": somebody's own, which one of fleet's would undo.
        other_locks() {
            [ "$tools" = dnf5 ] || return 0
            dnf5 -q versionlock list 2>/dev/null | awk -v name="$1" '
                /^Package name: / { isHere = $3 == name; next }
                isHere && NF == 3 && !/^#/ && !($1 == "evr" && $2 ~ /^==?$/) { print }' | tr '\n' ';'
        }

        # A lock names a version: that of another one than is installed holds nothing. dnf 4 lists "NAME-EPOCH:VERSION.*",
        # yum "EPOCH:NAME-VERSION.*", dnf 5 "Package name: NAME" and below it "evr = VERSION" and other conditions.
        is_held() {
            case $tools in
                apt-get) apt-mark showhold | grep -q -x -F "$1" ;;
                *) "$tools" -q versionlock list 2>/dev/null | awk -v name="$1" -v version="$(installed "$1")" '
                    function is_version(text) {
                        sub(/^[0-9]+:/, "", text)
                        return index(text, version) == 1 && substr(text, length(version) + 1) ~ /^(\.[a-z*][a-z0-9_*]*)?$/
                    }
                    /^Package name: / { isHere = $3 == name; next }
                    isHere && $1 == "evr" && $2 ~ /^==?$/ && is_version($3) { held = 1 }
                    { sub(/^[0-9]+:/, "") }
                    index($0, name "-") == 1 && is_version(substr($0, length(name) + 2)) { held = 1 }
                    END { exit !(version != "" && held) }' ;;
            esac
        }

        hold() {
            others=$(other_locks "$1")
            [ -z "$others" ] || { echo "$1 has a lock that fleet did not make (${others%;}), and leaves; take it off, or say hold: false"; return 1; }
            case $tools in
                apt-get) apt-mark hold "$1" ;;
                *) "$tools" -q versionlock list >/dev/null 2>&1 || "$tools" -q -y install 'dnf-command(versionlock)' || return 1
                    "$tools" -q versionlock delete "$1" >/dev/null 2>&1
                    "$tools" -q versionlock add "$1" ;;
            esac && { is_held "$1" || { echo "it is not held after all"; return 1; }; }
        }

        # An installation that was killed in its midst has left them open.
        [ "$tools" != dnf5 ] || [ ! -e "$locks.fleet" ] || change "close the locks of packages again" restore_locks
        wanted=$(missing)
        if [ -n "$wanted" ]; then change "install ${wanted% }" install $wanted; fi
        for word in $FLEET_PACKAGES; do
            name=$(name_of "$word")
            case " $wanted " in *" $word "*) ;; *) holds "$name $(installed "$name") is installed" ;; esac
            [ "$FLEET_HOLD" = 1 ] || continue
            if is_held "$name"; then holds "$name is held"; else change "hold $name" hold "$name"; fi
        done
        """#
}
