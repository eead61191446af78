/// The shell texts of detached scripts (safety rule 25).
///
/// A script lives in `/var/lib/fleet/RUN/ID`: `script`, `output`, `process` (pid, start time, boot id) and, once it has
/// ended, `status`. Only the directory's making starts it, so it starts at most once.
enum DetachedText {
    /// What stands before each line of the script's output in a report.
    static let outputMark = "output="

    /// Where it stands: `absent`, `unstarted`, `running`, `ended` or `lost`.
    static let state = #"""
        set -u
        home=/var/lib/fleet/$FLEET_RUN
        dir=$home/$FLEET_ID

        say() { printf '%s=%s\n' "$1" "$2"; }

        boot_id() { cat /proc/sys/kernel/random/boot_id; }

        # The kernel's start time tells a process from a later one with the same number.
        started_at() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

        is_running() {
            read -r pid start boot <"$dir/process" && [ "$boot" = "$(boot_id)" ] && [ "$(started_at "$pid")" = "$start" ]
        }

        # The status is looked for again after the process: it may end in between.
        state() {
            if [ ! -d "$dir" ]; then echo absent
            elif [ -e "$dir/status" ]; then echo ended
            elif [ ! -e "$dir/process" ]; then echo unstarted
            elif is_running; then echo running
            elif [ -e "$dir/status" ]; then echo ended
            else echo lost; fi
        }

        # Waits until it has ended, at most for so many fifths of a second.
        await_end() {
            turn=0
            while [ "$turn" -lt "$1" ]; do
                case $(state) in running | unstarted) sleep 0.2 ;; *) break ;; esac
                turn=$((turn + 1))
            done
        }

        report() {
            now=$(state)
            say state "$now"
            [ "$now" != ended ] || say status "$(cat "$dir/status")"
            case $now in ended | lost) tail -c 65536 "$dir/output" 2>/dev/null | sed 's/^/output=/' ;; esac
            return 0
        }
        """#

    /// Starts it unless its directory is there; a start under way elsewhere is waited for.
    static let start = #"""
        launch() {
            boot=$(boot_id)
            setsid sh -c '
                exec 9>&-
                start=$(sed "s/^.*) //" "/proc/$$/stat" | cut -d " " -f 20)
                # A link is made once: of two launches only one goes on.
                echo "$$ $start $2" >"$1/process.$$" && ln "$1/process.$$" "$1/process" || exit
                sh "$1/script" >"$1/output" 2>&1 </dev/null
                echo $? >"$1/status.new"
                sync "$1/status.new" 2>/dev/null
                mv "$1/status.new" "$1/status"
            ' sh "$dir" "$boot" >/dev/null 2>&1 </dev/null &
        }

        stop_with() { echo "$1" >&2; exit 1; }

        begin() {
            for tool in setsid flock; do
                command -v "$tool" >/dev/null || stop_with "there is no $tool on this host (package util-linux); nothing was started"
            done
            (umask 077 && mkdir -p "$home" && chmod 700 /var/lib/fleet "$home") || stop_with "$home cannot be made; nothing was started"
            exec 9>"$home/$FLEET_ID.lock"
            flock 9
            now=$(state)
            if [ "$now" = unstarted ] || { [ "$now" = lost ] && [ "$FLEET_AGAIN" = yes ]; }; then rm -rf "$dir"; fi
            if mkdir -m 700 "$dir" 2>/dev/null; then
                (umask 077 && printf '%s\n' "$FLEET_SCRIPT" >"$dir/script") ||
                    { rm -rf "$dir"; stop_with "$dir/script cannot be written; nothing was started"; }
                launch
                turn=0
                while [ ! -e "$dir/process" ] && [ "$turn" -lt 100 ]; do sleep 0.05; turn=$((turn + 1)); done
            fi
            exec 9>&-
            await_end 5
            report
        }

        begin
        """#

    /// Waits for its end, or for a while.
    static let follow = #"""
        await_end "$FLEET_TURNS"
        report
        """#

    /// Ends its process group: 10 seconds after SIGTERM with SIGKILL; proves that none of it is left.
    static let stop = #"""
        group_lives() { kill -s 0 -- "-$pid" 2>/dev/null; }

        end_group() {
            is_running || return 0
            kill -s TERM -- "-$pid"
            turn=0
            while group_lives && [ "$turn" -lt 50 ]; do sleep 0.2; turn=$((turn + 1)); done
            ! group_lives || kill -s KILL -- "-$pid"
            while group_lives && [ "$turn" -lt 75 ]; do sleep 0.2; turn=$((turn + 1)); done
            ! group_lives
        }

        pid=
        if end_group; then say gone yes; else say gone no; fi
        report
        """#

    /// Removes what is left of it and of attempts that failed, and the run's directory when nothing else is in it.
    static let clear = #"""
        first=$home/${FLEET_ID%-attempt-*}
        rm -rf "$first" "$first.lock" "$first"-attempt-*
        rmdir "$home" /var/lib/fleet 2>/dev/null
        say cleared yes
        """#
}
