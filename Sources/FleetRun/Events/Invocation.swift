extension RunEvent {
    /// How a run was begun, so that the machine it was begun on can go on with it by its name alone.
    ///
    /// Every path is absolute. Nothing here is secret: of extra variables only the names are kept.
    public struct Invocation: Hashable, Sendable, Codable {
        /// The playbook's file.
        public var playbook: String
        /// The inventories' files and directories; empty where the cluster's Nodes are the inventory.
        public var inventories: [String]
        /// The kubeconfig file; nil for the default one, and for several that the environment names.
        public var kubeconfig: String?
        /// The kubeconfig's context; nil for its current one.
        public var context: String?
        /// The login user where the inventory names none.
        public var user: String?
        /// The private key where the inventory names none.
        public var privateKey: String?
        /// The known_hosts file.
        public var knownHosts: String?
        /// The ssh_config to read, or `none`.
        public var sshConfig: String?
        /// The names of the extra variables.
        public var extraVariables: [String]

        /// An invocation of a playbook's file.
        public init(playbook: String, inventories: [String] = [], extraVariables: [String] = []) {
            self.playbook = playbook
            self.inventories = inventories
            self.extraVariables = extraVariables
        }
    }
}
