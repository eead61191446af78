/// The scripts of a reboot, as shell text.
enum BootText {
    /// `boot_id=` and whether the distribution asks for a reboot.
    static let state = #"""
        # A kernel's flavour, such as "amd64", "generic" or "x86_64": what is left without its version.
        flavour() { printf '%s\n' "$1" | sed -E 's/^[0-9.-]*//; s/^el[0-9_]*\.//'; }

        newest_kernel() {
            running=$(flavour "$(uname -r)")
            for file in /boot/vmlinuz-*; do
                name=${file#/boot/vmlinuz-}
                [ ! -e "$file" ] || [ "$(flavour "$name")" != "$running" ] || printf '%s\n' "$name"
            done | sort -V | tail -n 1
        }

        # dnf 5 has no -r: it is what it does.
        needs_restarting() {
            if have needs-restarting; then needs-restarting -r
            elif have dnf5; then dnf5 -q needs-restarting
            elif have dnf; then dnf -q needs-restarting -r; fi
        }

        # Not every host has the tool that knows (unattended-upgrades, yum-utils, dnf's plugins); a kernel newer than the
        # running one says enough.
        asks_for_reboot() {
            [ ! -e /run/reboot-required ] && [ ! -e /var/run/reboot-required ] || return 0
            # By its words: it also ends with 1 where it cannot tell.
            case $(needs_restarting 2>/dev/null) in
                *"Reboot is required"*) return 0 ;;
                *"Reboot should not be necessary"* | *"Reboot is probably not necessary"*) return 1 ;;
            esac
            newest=$(newest_kernel)
            [ -n "$newest" ] && [ "$newest" != "$(uname -r)" ]
        }

        say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
        if asks_for_reboot; then say reboot_required yes; else say reboot_required no; fi
        """#

    /// Boots the host a second later, so that this command can say that it did what was asked.
    static let reboot = #"""
        if [ "$(cat /proc/sys/kernel/random/boot_id)" != "$FLEET_BOOT_ID" ]; then
            say holds "the host has booted since"
        else
            have systemctl || { say failed "there is no systemctl to reboot with"; exit 1; }
            sync
            setsid sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 </dev/null &
            say changed "told the host to reboot"
        fi
        """#
}

extension NodeScript {
    /// Tells the kernel's boot id, and whether the host asks for a reboot; changes nothing.
    public static let bootState = assemble([], [ScriptText.prelude, BootText.state])

    /// Reboots the host in a second, unless its boot id is no longer FLEET_BOOT_ID.
    public static let reboot = assemble([], [ScriptText.prelude, BootText.reboot])
}
