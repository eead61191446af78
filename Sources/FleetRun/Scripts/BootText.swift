/// The scripts of a reboot, as shell text.
enum BootText {
    /// `boot_id=` and whether the distribution asks for a reboot.
    static let state = #"""
        say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
        if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then say reboot_required yes
        elif have needs-restarting && ! needs-restarting -r >/dev/null 2>&1; then say reboot_required yes
        else say reboot_required no; fi
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
