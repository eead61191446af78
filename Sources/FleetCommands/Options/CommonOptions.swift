import ArgumentParser
import FleetModel

/// What a command prints results as.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json
}

/// Options of every command.
struct OutputOptions: ParsableArguments {
    @Option(help: "Print results as text, or as JSON (one document; one object a line for streams).")
    var output: OutputFormat = .text

    @Flag(name: .shortAndLong, help: "Say more on standard error.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Say only results and errors.")
    var quiet = false

    @Flag(name: .customLong("no-color"), help: "No colour, even on a terminal (NO_COLOR does the same).")
    var noColor = false
}

/// Where the hosts come from.
struct InventoryOptions: ParsableArguments {
    @Option(
        name: [.customShort("i"), .customLong("inventory")], parsing: .singleValue,
        help: ArgumentHelp(
            "An Ansible inventory: a file or a directory. May be given several times.", valueName: "path"
        )
    )
    var inventories: [String] = []

    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp(
            "Only these hosts of the playbook's: an Ansible pattern, or zone=b,pool=general.", valueName: "pattern")
    )
    var limit: String?

    @Option(
        name: [.customShort("e"), .customLong("extra-vars")], parsing: .singleValue,
        help: ArgumentHelp(
            "A variable above all others, as name=value. May be given several times.", valueName: "name=value")
    )
    var extraVars: [String] = []
}

/// Which cluster, and how it is reached.
struct ClusterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The kubeconfig file (default: $KUBECONFIG, else ~/.kube/config).", valueName: "path"))
    var kubeconfig: String?

    @Option(help: ArgumentHelp("The kubeconfig's context (default: its current-context).", valueName: "name"))
    var context: String?
}

/// Where runs and pinned plans are kept.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The journal (default: $XDG_STATE_HOME/fleet/fleet.sqlite).", valueName: "path"
        )
    )
    var state: String?
}

/// How hosts are reached beyond what the inventory says.
struct HostOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The login user where the inventory names none.", valueName: "user"))
    var user: String?

    @Option(
        name: .customLong("private-key"),
        help: ArgumentHelp("The private key where the inventory names none.", valueName: "path")
    )
    var privateKey: String?

    @Option(
        name: .customLong("known-hosts"),
        help: ArgumentHelp(
            "The known_hosts file (default: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts).", valueName: "path")
    )
    var knownHosts: String?

    @Option(
        name: .customLong("ssh-config"),
        help: ArgumentHelp(
            "The ssh_config to read; none reads none (default: ~/.ssh/config and /etc/ssh/ssh_config).",
            valueName: "path")
    )
    var sshConfig: String?

    @Flag(name: [.customShort("k"), .customLong("ask-pass")], help: "Ask once for the login password of all hosts.")
    var asksPassword = false

    @Flag(
        name: [.customShort("K"), .customLong("ask-become-pass")],
        help: "Ask once for the password that makes the login user root (sudo, su).")
    var asksBecomePassword = false

    @Option(
        name: .customLong("password-file"),
        help: ArgumentHelp("The login password's file, or a program that prints it.", valueName: "path"))
    var passwordFile: String?

    @Option(
        name: .customLong("become-password-file"),
        help: ArgumentHelp("The become password's file, or a program that prints it.", valueName: "path"))
    var becomePasswordFile: String?

    @Option(
        name: .customLong("passphrase-file"),
        help: ArgumentHelp("The private keys' passphrase: its file, or a program that prints it.", valueName: "path"))
    var passphraseFile: String?
}

extension HostOptions {
    /// The same with what `fleet.yaml` and the environment say where the command line is silent.
    func withDefaults() throws -> HostOptions {
        let defaults = try Defaults.load()
        var options = self
        options.user = user ?? defaults.user
        options.privateKey = privateKey ?? defaults.privateKey
        options.knownHosts = knownHosts ?? defaults.knownHosts
        return options
    }
}

extension StateOptions {
    /// The journal's path: the option, else what `fleet.yaml` and the environment say, else the XDG state directory's.
    func path() throws -> String { Paths.state(try state ?? Defaults.load().state) }
}

/// What a run may do only when somebody says so for this once.
enum Permission: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// Pods that `evictions.stuck` names are deleted past their budgets when their time is over (safety rule 11).
    case budgetOverride = "budget-override"
}

/// What is allowed beyond what the playbook says.
struct PermissionOptions: ParsableArguments {
    @Option(
        name: .customLong("allow"), parsing: .singleValue,
        help: ArgumentHelp(
            "Allow what the playbook asks for and a run does not do by itself: budget-override deletes the pods that evictions.stuck names.",
            valueName: "name"))
    var allowed: [Permission] = []

    /// Whether budgets may be passed.
    var permitsBudgetOverride: Bool { allowed.contains(.budgetOverride) }
}

/// What to do about a cluster that another run holds (safety rule 23).
struct LockOptions: ParsableArguments {
    @Option(
        name: .customLong("take-over"),
        help: ArgumentHelp(
            "Take the cluster over from this unfinished run, which nobody drives any more (its machine is lost).",
            valueName: "run"
        )
    )
    var takeOver: String?

    /// The run to be taken over from.
    var run: RunID? { takeOver.map { RunID($0) } }
}

/// The options of every command that makes or follows a plan.
struct PlanOptions: ParsableArguments {
    @OptionGroup(title: "Inventory") var inventory: InventoryOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Hosts") var hosts: HostOptions
    @OptionGroup(title: "State") var state: StateOptions
    @OptionGroup(title: "Output") var output: OutputOptions
}
