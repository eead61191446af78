extension NodeScript {
    /// Sets the host's name: FLEET_HOST_NAME.
    ///
    /// Refuses to rename a host that has joined a cluster.
    public static let hostName = prepared(PreparationText.hostName)

    /// Keeps a marked block in a text file: FLEET_PATH, FLEET_MARKER, FLEET_BLOCK (empty takes the block out).
    ///
    /// FLEET_HOSTS=1 takes the lines for entries of a hosts file: the same entries outside the block go, and one that
    /// contradicts the block is refused.
    public static let markedBlock = prepared(PreparationText.markedBlock)

    /// Turns swap off, now and at boot.
    public static let swapOff = prepared(PreparationText.swap)

    /// Loads kernel modules, now and at boot: FLEET_MODULES, words.
    public static let kernelModules = prepared(PreparationText.kernelModules)

    /// Sets kernel settings, now and at boot: FLEET_SETTINGS, lines of `key=value`; FLEET_FILE, a name in /etc/sysctl.d.
    public static let sysctl = prepared(PreparationText.sysctl)

    /// Installs packages: FLEET_PACKAGES, words `name` or `name=version`; FLEET_HOLD=1 holds them.
    public static let packages = prepared(PreparationText.packages)

    /// Writes files: FLEET_PATH, FLEET_OWNER (or `keep`), and FLEET_MANIFEST, lines of `number size sha256 mode name`.
    ///
    /// What differs is asked for with the function `fleet_input NUMBER SIZE`; an empty name means FLEET_PATH itself.
    public static let upload = prepared(PreparationText.upload)

    /// Configures containerd for systemd's cgroups, and restarts it only where it runs with another configuration.
    public static let containerd = prepared(PreparationText.units, PreparationText.containerd)

    /// Starts or stops, enables or disables a systemd unit: `want` is started, stopped, restarted or any, `boot`
    /// enabled, disabled or any.
    ///
    /// FLEET_FILES holds paths, one a line: a unit that started before one of them changed restarts.
    ///
    /// Answers `changed=yes` or `changed=no`; with FLEET_DRY_RUN=1 sentences that begin with `would`.
    public static func service(unit: String, want: String, boot: String) -> String {
        assemble(
            [],
            [
                "unit=\(unit) want=\(want) boot=\(boot)", ScriptText.prelude, PreparationText.units,
                PreparationText.service,
            ])
    }

    /// Merges FLEET_SETTINGS, lines of YAML, into the kubelet's configuration, mappings key by key, and restarts it.
    ///
    /// A kubelet that does not stay up with them for FLEET_WATCH seconds (15), or is not healthy after as many more, gets
    /// its old configuration back, and the script exits 1.
    public static let kubeletConfiguration = prepared(PreparationText.units, PreparationText.kubeletConfiguration)

    private static func prepared(_ parts: String...) -> String {
        assemble([], [PreparationText.takeLargeValues, ScriptText.prelude, PreparationText.beginning] + parts)
    }
}
